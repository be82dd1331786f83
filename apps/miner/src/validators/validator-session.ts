import {
  ExecutorManifest,
  make,
  writeFrame,
  type JsonObject,
  type MessageOf,
  type validatorToMiner,
} from '@horde/protocol';
import type { Connection, DurableLink, OutputSender } from '@horde/transport';

/** How long a connection stays open whose validator is refused. Some clients connect again without a pause. @unit ms */
const refusedLife = 10_000;

/** A message of a validator, and the frame that it came as. */
export interface ValidatorFrame {
  message: MessageOf<typeof validatorToMiner>;
  json: JsonObject;
  text: string;
}

/** One connection of a validator. Until it has authenticated, it gets nothing but `GenericError`s. */
export class ValidatorSession {
  authenticated = false;
  /** Whether a frame of it was looked at before its authentication. */
  hasSpoken = false;
  /** What it has sent before its authentication. */
  readonly early: ValidatorFrame[] = [];
  /** The connection as `durable-1`; null on plain v0. */
  link: DurableLink | null = null;
  /** Jobs' output, on `logs-2`. */
  output: OutputSender | null = null;
  /** Whether it has named a job. One that has not may be a client that came back and waits for its jobs' news. */
  hasNamed = false;
  private dismissed = false;
  /** The manifest that it was told last, as a frame. */
  private offered = '';
  /** The jobs that its own messages have named and that are not settled. */
  readonly named = new Set<string>();

  constructor(
    /** The hotkey of the connection's path. */
    readonly hotkey: string,
    readonly connection: Connection,
    /** Where it connects from, as limits count it. */
    readonly address: string,
  ) {}

  send(message: { message_type: string }): Promise<boolean> {
    return this.connection.sendText(writeFrame(message));
  }

  /** Tells the validator what the miner offers, unless it was told just that. */
  async offer(manifest: ExecutorManifest['manifest']): Promise<void> {
    const frame = writeFrame(make(ExecutorManifest, { manifest }));
    if (frame === this.offered) return;
    this.offered = frame;
    await this.connection.sendText(frame);
  }

  /** Sends a message about a job that it gets until it has confirmed it. @param number rises with each of the job's */
  deliver(job: string, number: number, frame: string): Promise<boolean> {
    return this.link ? this.link.message(job, number, frame) : this.connection.sendText(frame);
  }

  /** Closes the connection as one whose authentication is refused. @param sentence why */
  dismiss(sentence: string): void {
    if (this.dismissed) return;
    this.dismissed = true;
    void this.sendError(sentence);
    setTimeout(() => this.connection.close(1000), refusedLife).unref();
  }

  /** Tells the validator that it sent what cannot be used, in a sentence for people. */
  sendError(sentence: string): Promise<void> {
    return this.connection.sendError(sentence);
  }
}
