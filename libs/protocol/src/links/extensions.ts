/**
 * What two peers of ours agree on beyond ComputeHorde's protocol: the opening request lists names in this header, the
 * answer picks those that both know. Other peers ignore the header. docs/extensions.md describes each.
 */
export const extensionsHeader = 'X-Horde-Extensions';

/**
 * - `durable-1`: messages about a job are numbered, acknowledged once they are committed, and resumed where they were
 *   interrupted;
 * - `cancel-1`: a job can be cancelled;
 * - `logs-1`: a job's output is passed on while it runs;
 * - `logs-2`: a job's output is asked for and arrives complete;
 * - `progress-1`: what a job waits for is told, and how far its transfers are;
 * - `ask-1`: a facilitator asks its validator what would become of a job, or what has;
 * - `login-1`: a validator's login counts once, and at one facilitator;
 * - `warm-1`: an executor connects before it has a job.
 */
export const extensions = [
  'durable-1',
  'cancel-1',
  'logs-1',
  'logs-2',
  'progress-1',
  'ask-1',
  'login-1',
  'warm-1',
] as const;
export type Extension = (typeof extensions)[number];

/** What is spoken between a validator and a miner of ours. */
export const validatorMinerExtensions = [
  'durable-1',
  'cancel-1',
  'logs-1',
  'logs-2',
  'progress-1',
] as const satisfies Extension[];
/** What is spoken between a miner and an executor of ours; `warm-1` only by executors that are kept warm. */
export const minerExecutorExtensions = [...validatorMinerExtensions, 'warm-1'] as const satisfies Extension[];

/**
 * What is spoken between a facilitator and a validator of ours. Both ends take it from here: what is added works on both.
 */
export const facilitatorValidatorExtensions: readonly Extension[] = [
  'durable-1',
  'cancel-1',
  'logs-2',
  'progress-1',
  'ask-1',
  'login-1',
];

/**
 * The numbers of what a validator says to a miner about a job on `durable-1`. They are fixed, so that both ends know
 * them from what they store anyway. The miner's own are those of its outbox.
 */
export const validatorMessageNumbers = {
  V0InitialJobRequest: 1,
  V0JobAcceptedReceiptRequest: 2,
  V0JobRequest: 3,
  V0CancelJobRequest: 4,
  V0JobFinishedReceiptRequest: 5,
} as const;

/** As `validatorMessageNumbers`, for what a miner says to an executor. The executor counts its own: 1, 2, 3 and so on. */
export const executorRequestNumbers = {
  V0InitialJobRequest: 1,
  V0JobRequest: 2,
  V0CancelJobRequest: 3,
} as const;
