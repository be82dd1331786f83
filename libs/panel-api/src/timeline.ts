/** A time in which a job was in a status, waited for something, or was with a miner. */
export interface PanelSpan {
  kind: 'status' | 'wait' | 'attempt';
  label: string;
  /** What has happened, and what comes next; or what it waited for. */
  sentence: string;
  from: string;
  /** null: it is so now. */
  until: string | null;
  /** How long it may take; null: nothing says so. @unit seconds */
  limit: number | null;
}
