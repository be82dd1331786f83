import {
  type HordeFailureReason,
  JobFailureReason,
  type JobRejectionReason,
  type JobStage,
} from '../enums.ts';
import { fill } from './fill.ts';

/** How an error travels: as the body of an HTTP answer, or as the reason in a message. */
export interface ErrorRow {
  /** The names of what differs from case to case, in the order in which its maker takes them. */
  readonly facts?: readonly string[];
  /** One sentence for the person who meets it, with its facts in braces as `fill` has them. It never holds a secret. */
  readonly says: string;
  /** What that person can do. */
  readonly hint?: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** The status of an HTTP answer. */
  readonly status?: number;
  readonly wire?: {
    readonly reason: JobFailureReason | HordeFailureReason | JobRejectionReason;
    readonly stage?: JobStage;
  };
}

type Fact = string | number;

type Rest = Pick<ErrorRow, 'hint' | 'retryable' | 'status' | 'wire'>;

/** An error that a person can act on. Told apart by `code`, never by its class. */
export class HordeError extends Error {
  override readonly name: string = 'HordeError';
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly status: number | undefined;
  readonly wire: ErrorRow['wire'];

  constructor(
    readonly code: string,
    sentence: string,
    row: { [Key in keyof Rest]: Rest[Key] | undefined } & Pick<Rest, 'retryable'>,
  ) {
    super(sentence);
    this.hint = row.hint;
    this.retryable = row.retryable;
    this.status = row.status;
    this.wire = row.wire;
  }

  /** What is behind it, for the log of whoever meets it. */
  because(cause: unknown): this {
    this.cause = cause;
    return this;
  }
}

/** The user's part of the job went wrong: what the executor reports as V0JobFailedRequest. */
export class JobFailure extends HordeError {
  readonly reason: JobFailureReason;
  readonly stage: JobStage;

  constructor(
    code: string,
    sentence: string,
    row: { reason: JobFailureReason; stage: JobStage; retryable: boolean; hint?: string | undefined },
  ) {
    const { reason, stage, hint, retryable } = row;
    super(code, sentence, { hint, retryable, wire: { reason, stage } });
    this.reason = reason;
    this.stage = stage;
  }
}

/** What a row's maker takes. */
type FactsOf<Row extends ErrorRow> = Row extends { facts: infer Names extends readonly string[] }
  ? { -readonly [Index in keyof Names]: Fact }
  : [];

type ErrorOf<Row extends ErrorRow> = Row extends { wire: { reason: JobFailureReason; stage: JobStage } }
  ? JobFailure
  : HordeError;

/** One function for each row: `throw errors.ALL_EXECUTORS_BUSY('always_on.test', 3)`. */
export function makers<Rows extends Record<string, ErrorRow>>(rows: Rows) {
  const made = Object.entries(rows).map(([code, row]) => [
    code,
    (...facts: Fact[]) => makeError(code, fill(row.says, named(row, facts)), row),
  ]);
  return Object.fromEntries(made) as {
    [Code in keyof Rows]: (...facts: FactsOf<Rows[Code]>) => ErrorOf<Rows[Code]>;
  };
}

const named = ({ facts: names = [] }: ErrorRow, facts: Fact[]): Map<string, Fact> =>
  new Map(names.map((name, at) => [name, facts[at]!]));

function makeError(code: string, sentence: string, row: ErrorRow): HordeError {
  const { reason, stage } = row.wire ?? {};
  const jobReason = JobFailureReason.find((one) => one === reason);
  return jobReason && stage
    ? new JobFailure(code, sentence, { reason: jobReason, stage, retryable: row.retryable, hint: row.hint })
    : new HordeError(code, sentence, {
        hint: row.hint,
        retryable: row.retryable,
        status: row.status,
        wire: row.wire,
      });
}
