import type { HordeFailureReason, JobFailureReason, JobRejectionReason, JobStage } from '../enums.ts';

/** How an error travels: as the body of an HTTP answer, or as the reason in a message. */
interface ErrorRow<A extends unknown[]> {
  /** One sentence for the person who meets it. It never holds a secret. */
  says: (...facts: A) => string;
  /** What that person can do. */
  hint?: string;
  /** Whether the same request may succeed later. */
  retryable: boolean;
  /** The status of an HTTP answer. */
  status?: number;
  wire?: { reason: JobFailureReason | HordeFailureReason | JobRejectionReason; stage?: JobStage };
}

/** An error that a person can act on. Told apart by `code`, never by its class. */
export class HordeError extends Error {
  override readonly name = 'HordeError';
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly status: number | undefined;
  readonly wire: ErrorRow<never>['wire'];

  constructor(
    readonly code: string,
    sentence: string,
    row: Pick<ErrorRow<never>, 'hint' | 'retryable' | 'status' | 'wire'>,
  ) {
    super(sentence);
    this.hint = row.hint;
    this.retryable = row.retryable;
    this.status = row.status;
    this.wire = row.wire;
  }
}

const row = <A extends unknown[]>(row: ErrorRow<A>): ErrorRow<A> => row;

/** All errors by their code, as data: what docs/errors.md is made of. */
export const errorRows = {
  // The first words of these are what the reference answers; its clients may look for them.
  VALIDATOR_UNKNOWN: row({
    says: (hotkey: string) => `Could not select Validator: this facilitator knows no validator ${hotkey}.`,
    hint: 'Check the hotkey. The operator of the facilitator can add a validator with debug_add_validator.',
    retryable: true,
    status: 400,
  }),
  VALIDATOR_INACTIVE: row({
    says: (hotkey: string) =>
      `Could not select Validator: ${hotkey} is no longer an active validator of this subnet.`,
    hint: 'Choose another validator.',
    retryable: true,
    status: 400,
  }),
  VALIDATOR_NEVER_CONNECTED: row({
    says: (hotkey: string) =>
      `Could not select Validator: ${hotkey} has not connected to this facilitator yet.`,
    hint: "Its operator can look at the validator's FACILITATOR_URI.",
    retryable: true,
    status: 400,
  }),
  VALIDATOR_GONE: row({
    says: (hotkey: string, lastSeen: string) =>
      `Could not select Validator: ${hotkey} is not connected; it was last seen at ${lastSeen}.`,
    hint: 'Try again later.',
    retryable: true,
    status: 400,
  }),
  JOB_TOO_LARGE: row({
    says: (size: number, limit: number) =>
      `The job's message has ${size} bytes, and its validator reads at most ${limit}.`,
    hint: 'Put large inputs behind a URL, instead of inline volumes.',
    retryable: false,
    status: 400,
  }),
  NO_MINER_OFFERS_CLASS: row({
    says: (executorClass: string, miners: number) =>
      `None of the ${miners} known miners offers an executor of class ${executorClass}.`,
    hint: 'Choose another executor class, or wait for a miner that offers this one.',
    retryable: true,
    wire: { reason: 'no_miner_for_job' },
  }),
  ALL_MINERS_BUSY: row({
    says: (executorClass: string, executors: number, miners: number) =>
      `All executors of class ${executorClass} are busy: ${executors} of ${miners} ${miners === 1 ? 'miner' : 'miners'}.`,
    hint: 'Try again when one of the running jobs has ended.',
    retryable: true,
    wire: { reason: 'no_miner_for_job' },
  }),
  NO_TRUSTED_MINER: row({
    says: () => 'The job asks for a trusted miner, and this validator has none.',
    hint: 'Send it without on_trusted_miner, or to a validator that has a trusted miner.',
    retryable: false,
    wire: { reason: 'no_miner_for_job' },
  }),
  DEBUG_MINER_UNKNOWN: row({
    says: (hotkey: string) =>
      `The validator sends all jobs to the miner ${hotkey}, whose address it does not know.`,
    hint: 'Its operator can set DEBUG_MINER_ADDRESS and DEBUG_MINER_PORT.',
    retryable: true,
    wire: { reason: 'no_miner_for_job' },
  }),
  BAD_JOB_SIGNATURE: row({
    says: (why: string) => why,
    hint: 'Sign the request with the hotkey that the validator knows.',
    retryable: false,
    wire: { reason: 'invalid_signature' },
  }),
  ALL_EXECUTORS_BUSY: row({
    says: (executorClass: string, total: number) =>
      `All ${total} executors of class ${executorClass} are busy.`,
    retryable: true,
    wire: { reason: 'busy' },
  }),
  CLASS_NOT_OFFERED: row({
    says: (executorClass: string) => `This miner offers no executor of class ${executorClass}.`,
    retryable: false,
    wire: { reason: 'busy' },
  }),
  VALIDATOR_BLACKLISTED: row({
    says: () => 'The operator of this miner takes no jobs of this validator.',
    retryable: false,
    wire: { reason: 'validator_blacklisted' },
  }),
  TOO_MANY_JOB_REQUESTS: row({
    says: () => 'This validator asks for more jobs in a minute than the miner looks at.',
    hint: 'Ask again in a minute; the miner can raise MAX_JOB_REQUESTS_PER_MINUTE.',
    retryable: true,
    wire: { reason: 'busy' },
  }),
  EXECUTOR_NOT_STARTED: row({
    says: (why: string) => `The executor could not be started: ${why}`,
    retryable: true,
    wire: { reason: 'executor_spinup_failed' },
  }),
  EXECUTOR_GONE: row({
    says: (how: string) => `The executor left before the job ended (${how}).`,
    retryable: true,
    wire: { reason: 'executor_disconnected' },
  }),
  EXECUTOR_NOT_READY: row({
    says: (seconds: number) => `The executor was not ready within ${seconds} s.`,
    retryable: true,
    wire: { reason: 'generic_error', stage: 'executor_startup' },
  }),
  EXECUTOR_STOPPED: row({
    says: () => 'The executor was stopped.',
    retryable: true,
    wire: { reason: 'generic_error' },
  }),
  MINER_GONE: row({
    says: (why: string) => why,
    retryable: true,
    wire: { reason: 'generic_error' },
  }),
  ENGINE_UNREACHABLE: row({
    says: (why: string) => `The executor cannot reach its Docker engine: ${why}.`,
    retryable: true,
    wire: { reason: 'generic_error' },
  }),
  MACHINE_TROUBLE: row({
    says: (sentence: string) => sentence,
    retryable: true,
    wire: { reason: 'generic_error' },
  }),
  IMAGE_UNAVAILABLE: row({
    says: (sentence: string) => sentence,
    hint: 'Check the name of the image, and that the miner may pull it.',
    retryable: false,
    wire: { reason: 'generic_error' },
  }),
  JOB_REFUSED_BY_ENGINE: row({
    says: (why: string) => `The Docker engine refuses to run the job as it was asked for: ${why}`,
    hint: "Check the image's name, the environment and the artifacts folder.",
    retryable: false,
    wire: { reason: 'unknown' },
  }),
  STREAMING_FAILED: row({
    says: (sentence: string) => sentence,
    retryable: true,
    wire: { reason: 'streaming_failed' },
  }),
  SECURITY_CHECK_FAILED: row({
    says: (sentence: string) => sentence,
    hint: 'The job was not started here. Its miner has to mend the machine.',
    retryable: true,
    wire: { reason: 'security_check_failed' },
  }),
  JOB_RUNNER_NOT_LOADED: row({
    says: (sentence: string) => `The executor's own job runner cannot be used: ${sentence}`,
    retryable: false,
    wire: { reason: 'generic_error', stage: 'executor_startup' },
  }),
  JOB_CANCELLED: row({
    says: (by: string) => `Cancelled by ${by}.`,
    retryable: false,
    wire: { reason: 'unknown' },
  }),
  NO_TIME_LIMIT: row({
    says: () => 'The job has neither executor_timing nor timeout_seconds.',
    retryable: false,
    wire: { reason: 'generic_error' },
  }),
  JOB_REQUEST_UNREADABLE: row({
    says: (why: string) => `The executor cannot read the job's request: ${why}`,
    retryable: false,
    wire: { reason: 'generic_error' },
  }),
  VOLUME_GIVEN_TWICE: row({
    says: () => 'The job has a volume in both of its requests.',
    retryable: false,
    wire: { reason: 'generic_error' },
  }),
  JOB_OVERRAN: row({
    says: (what: string) => what,
    hint: 'Give the job more time.',
    retryable: false,
    wire: { reason: 'timeout' },
  }),
  JOB_EXITED: row({
    says: (code: number, lastLine: string) =>
      `The job ended with exit code ${code}.${lastLine && ` The last line of its stderr: ${lastLine}`}`,
    retryable: false,
    wire: { reason: 'nonzero_return_code' },
  }),
  JOB_HIT_LIMIT: row({
    says: (sentence: string) => sentence,
    retryable: false,
    wire: { reason: 'nonzero_return_code' },
  }),
  RESULT_TOO_LARGE: row({
    says: (bytes: number, limit: number) =>
      `The job's result is a message of ${bytes} bytes, and ${limit} is the most that is sent.`,
    hint: 'Upload large outputs, and have the storage answer briefly.',
    retryable: false,
    wire: { reason: 'upload_failed', stage: 'result_upload' },
  }),
} as const;

type Rows = typeof errorRows;
export type ErrorCode = keyof Rows;

/** One function per error: `throw errors.ALL_EXECUTORS_BUSY('always_on.test', 3)`. */
export const errors = Object.fromEntries(
  Object.entries(errorRows).map(([code, one]) => [
    code,
    (...facts: unknown[]) =>
      new HordeError(code, (one.says as (...facts: unknown[]) => string)(...facts), one),
  ]),
) as unknown as { [C in ErrorCode]: (...facts: Parameters<Rows[C]['says']>) => HordeError };
