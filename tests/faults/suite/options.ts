/** What a network is like. */
export interface NetworkOptions {
  /** How many jobs are in flight: it has an executor for each. */
  jobs: number;
  /** How executors run jobs: as plain processes that print, or in containers. */
  runner: 'noop' | 'docker';
  /** `process`: real executors; `noop`: one process plays all of them, and runs nothing. */
  executors: 'process' | 'noop';
  /** What is done wrong on purpose; null: nothing. */
  broken: Break | null;
  /** Whether queues and doorbells are in a Redis of its own. @default in Postgres */
  redis?: boolean;
  /** Of how many classes its executors are, as many of each. @default 1 */
  classes?: number;
  /** How many users it has. @default as many as may follow so many jobs */
  users?: number;
  /** It is for measuring: services reach each other with nothing between, and the database is on the machine's disk. */
  measured?: boolean;
}

/** What a run of the fault suite is told. */
export interface FaultOptions extends NetworkOptions {
  /** The faults, whom they strike and when are drawn from it. */
  seed: number;
  /** How long faults strike. @unit minutes */
  minutes: number;
  /** After so many they strike no longer. */
  faults: number;
  /** The only kinds that are drawn; null: all. */
  kinds: readonly string[] | null;
}

/** What is done wrong on purpose, so that it is seen whether anything notices. */
export const breaks = {
  'job-lost':
    'a job that was answered with 201 is removed from the facilitator, as if it had never been committed',
  'ends-differ': 'a job has another end at the validator than at the facilitator',
  'end-changed': 'a writer that is not fenced changes the end of a job',
  'runs-twice': 'an executor runs each job twice',
  'slot-held': 'the slot of a job that has ended is not given back',
  'folder-left': 'the folder of a job is left behind',
  'receipt-twice': 'a receipt is shown twice',
  'output-dropped': 'a piece of what a job prints is dropped',
  'secret-logged': 'an executor logs its token',
  'lie-believed': 'a receipt that a miner made up is stored as if it were verified',
  'weights-lost': 'weights that were handed in are missed',
  'stays-cut': 'a link stays cut when it is healed',
} as const;
export type Break = keyof typeof breaks;
export const breakNames = Object.keys(breaks) as Break[];
