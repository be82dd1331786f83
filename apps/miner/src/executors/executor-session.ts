import type { Connection, DurableLink, OutputReceiver } from '@horde/transport';
import type { Job } from '../jobs/job.entity.ts';

/** A job, as far as the connection of its executor has to know it: thousands of them are idle. */
export type ExecutorJob = Pick<Job, 'uuid' | 'validator_hotkey'>;

/** One connection of an executor. */
export class ExecutorSession {
  /** The job of its token, once it is known. */
  job: ExecutorJob | null = null;
  /** The connection as `durable-1`; null on plain v0. */
  link: DurableLink | null = null;
  /** Its job's output, where that is asked for. */
  output: OutputReceiver | null = null;
  /** Whether it was let in; its frames wait for that. */
  opened: Promise<boolean> = Promise.resolve(false);
  /** The number of its last message that is stored; on plain v0 it stays 0. */
  received = 0;
  /** The number of the last message that it was sent, or says to have. */
  sent = 0;
  /** What is being sent to it. */
  sending: Promise<void> | null = null;
  /** Whether there may be something that it has not been sent. */
  hasNews = false;

  constructor(
    readonly token: string,
    /** Where it connects from. */
    readonly address: string,
    readonly connection: Connection,
  ) {}

  /** Sends one of the messages about its job. */
  deliver(number: number, frame: string): Promise<boolean> {
    if (this.link && this.job) return this.link.message(this.job.uuid, number, frame);
    return this.connection.sendText(frame);
  }

  /** Tells the executor that it sent what cannot be used, in a sentence for people. */
  sendError(sentence: string): Promise<void> {
    return this.connection.sendError(sentence);
  }
}
