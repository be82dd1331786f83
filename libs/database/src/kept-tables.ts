/** What a table or a folder holds, why it does not grow without end, and how large it gets. */
export interface Kept {
  /** What a row or a file is. */
  holds: string;
  /** How long it stays, as the end of "It stays …". */
  kept: string;
  /** The variable that says how long; null: none does. */
  setting: string | null;
  /** What removes it. */
  removedBy: string;
  /** How many there are under `load`, when as many go as come. */
  rows: number;
  /** Of one, with its part of the indexes. @unit bytes */
  bytes: number;
  /** `bytes` was measured in a network that ran jobs; else it is reckoned from what the columns hold. */
  isMeasured: boolean;
}

/** What the sizes in docs/retention.md are reckoned for, at each service. */
export const load = {
  jobsPerDay: 10_000,
  /** Of a job, each. @unit bytes */
  printed: 1_400,
  /** Hotkeys of the subnet, and those of them that validate, and that offer executors. */
  neurons: 256,
  validators: 10,
  miners: 50,
  blocksPerDay: 7_200,
};

export const measured = (rows: number, bytes: number) => ({ rows: Math.ceil(rows), bytes, isMeasured: true });
export const reckoned = (rows: number, bytes: number) => ({
  rows: Math.ceil(rows),
  bytes,
  isMeasured: false,
});
