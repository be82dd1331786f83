import type { Connection, OutputSender } from '@horde/transport';
import type { Job } from './job.entity.ts';

/** A job that is to have an executor, and the token that this one shows. */
export type StartedJob = Pick<Job, 'uuid' | 'validator_hotkey' | 'executor_class' | 'executor_token'>;

/** A row of the outbox. */
export interface StoredFrame {
  id: string;
  frame: string;
}

/** A row of the outbox that has just been stored. */
export interface FreshFrame extends StoredFrame {
  /** The job's row before it that was there; null: there was none. */
  after: string | null;
}

/** An authenticated connection of a validator, as jobs and receipts see it. */
export interface ValidatorConnection {
  readonly hotkey: string;
  readonly connection: Pick<Connection, 'closed'>;
  /** Answers requests for jobs' output; null: that is not agreed on. */
  readonly output: Pick<OutputSender, 'request' | 'knows'> | null;
  send(message: { message_type: string }): Promise<boolean>;
  /** Sends a `GenericError`. */
  sendError(details: string): Promise<void>;
}

/** What jobs need of the link to validators. It is injected as VALIDATOR_LINK. */
export interface ValidatorLink {
  /**
   * There may be something new about a job.
   * @param fresh what there is, where that is known: the outbox need not be read for it
   */
  ring(hotkey: string, job: string, fresh?: FreshFrame): void;
  /**
   * The validator has named a job of its own on this connection.
   * @param first the job's first and so far only message, where that is known: the outbox need not be read for it
   */
  name(session: ValidatorConnection, job: string, first?: StoredFrame): void;
  /** The job is settled: nobody will ask for it again. */
  forget(hotkey: string, job: string): void;
  /** There may be more of a job's output, or its end, for a validator that has asked for it. */
  ringOutput(hotkey: string, job: string): void;
  /** Passes on what a job prints, to validators that want it and can keep up; it is stored nowhere. */
  passOutput(hotkey: string, job: string, frame: string): void;
  /** Passes on how far a transfer is, as `passOutput` does with output. */
  passProgress(hotkey: string, job: string, frame: string): void;
}

/** What jobs need of the link to executors. It is injected as EXECUTOR_LINK. */
export interface ExecutorLink {
  /**
   * Whether an executor may be claimed before it is started: when the miner is killed in between, the next one can tell
   * that it does not run.
   */
  readonly claimsAhead: boolean;
  /** Starts the job's executor, once, in the background. @param claimed whether it is noted already that this is done */
  start(job: StartedJob, claimed: boolean): void;
  /** The warm executor of this token is the job's: it begins, or does so once it has come. */
  handOver(job: string, token: string): void;
  /** Its acceptance may have been stored although the answer of the database was lost: nobody has its executor then. */
  ensureStarted(job: Pick<Job, 'uuid' | 'executor_token'>): void;
  /** There may be something new for the job's executor. One that is not connected gets it when it connects. */
  ring(job: string): void;
  /** The job's output is wanted from now on. An executor that is not connected is asked when it connects. */
  askForOutput(job: string): void;
  /** Whether the job's executor is connected and ends its job when it is sent a cancellation. */
  endsCancelled(job: string): boolean;
  /** Stops the job's executor in the background; its slot is free when it has exited. */
  stop(job: string): void;
}
