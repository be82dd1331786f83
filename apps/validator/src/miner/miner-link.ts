import type { Logger } from '@horde/operations';
import { minerToValidator, validatorMessageNumbers, writeFrame } from '@horde/protocol';
import { DurableLink, readFrame, type Closed, type Connection, type Pending } from '@horde/transport';
import type { MinerMessage } from '../jobs/outcome.ts';

const numberOf = (type: string): number | undefined =>
  (validatorMessageNumbers as Record<string, number>)[type];

/** What is done with what a miner says. */
export interface MinerEnd {
  /** Called for each message, in order; while it has not resolved, the next is not read. */
  onMessage: (message: MinerMessage) => Promise<void> | void;
  /** What the jobs are called that a message may be about that names none. @default it is about none */
  jobsOf?: (message: MinerMessage) => string[];
  /** What is done with numbered messages; without it none are asked for. */
  numbered?: {
    /**
     * As `onMessage`. When it resolves, the message is acknowledged: it has to be committed then, or when what it resolves
     * with says so; meanwhile later ones are handled. When it throws, the connection is closed, and the miner says it
     * again on the next one.
     */
    onMessage: (message: MinerMessage, job: string, number: number) => Promise<Pending | void>;
    /** The miner has all of ours about the job up to this number, and waits for what follows. @default nothing */
    onResume?: (job: string, number: number) => void;
  };
}

interface Acknowledgement {
  job: string;
  number: number;
  resolve: (came: boolean) => void;
}

/** A connection to a miner: durable where the miner supports that, else ComputeHorde's plain protocol. */
export class MinerLink {
  private readonly durable: DurableLink;
  private awaited: Acknowledgement[] = [];
  /** One message after another: what waits for the miner to acknowledge others waits here. */
  private sending: Promise<unknown> = Promise.resolve();

  /** Takes the connection's frames; make it before the first can arrive. */
  constructor(
    private readonly connection: Connection,
    private readonly end: MinerEnd,
    private readonly logger: Logger,
    /** Notes what is exchanged about a job. */
    private readonly note: (job: string, isSent: boolean, text: string) => void,
  ) {
    this.durable = new DurableLink(
      connection,
      {
        onMessage: (job, number, frame) =>
          this.take(frame, (message) => this.end.numbered!.onMessage(message, job, number), job),
        onAcknowledged: async (job, number) => this.acknowledged(job, number),
        onResume: async (job, number) => {
          this.acknowledged(job, number);
          this.end.numbered!.onResume?.(job, number);
        },
        onPlain: (frame) => this.take(frame, async (message) => this.end.onMessage(message)),
        onBadFrame: (sentence) => this.sendError(sentence),
      },
      (error) => logger.error({ error }, 'a message of the miner could not be handled'),
    );
    void connection.closed.then(() => this.awaited.splice(0).forEach(({ resolve }) => resolve(false)));
  }

  /** Whether no message is lost on it. */
  get isDurable(): boolean {
    return this.connection.extensions.has('durable-1');
  }

  /** Whether the miner lets jobs be cancelled. */
  get takesCancels(): boolean {
    return this.connection.extensions.has('cancel-1');
  }

  /** Whether the miner can be asked for what jobs print. */
  get sendsOutput(): boolean {
    return this.connection.extensions.has('logs-2');
  }

  get isOpen(): boolean {
    return this.connection.isOpen;
  }

  get closed(): Promise<Closed> {
    return this.connection.closed;
  }

  /** Resolves when the connection is gone, and all that the miner sent before has been handled. */
  get handled(): Promise<Closed> {
    return this.connection.handled();
  }

  /** Sends a message about a job; false when the connection is gone. Not to be waited for in `MinerEnd`. */
  sendMessage(job: string, message: { message_type: string }): Promise<boolean> {
    return this.send(job, message.message_type, writeFrame(message));
  }

  /** As `sendMessage`, with the message's exact text, and true only when a durable miner has committed it. */
  async deliver(job: string, type: string, frame: string): Promise<boolean> {
    const number = numberOf(type);
    if (!this.isDurable || number === undefined) return this.send(job, type, frame);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.awaited.push({ job, number, resolve });
    return (await this.send(job, type, frame)) && promise;
  }

  /** Asks the miner for what it has said about the job after the message with this number. */
  resume(job: string, number: number): Promise<boolean> {
    return this.durable.resume(job, number);
  }

  close(): void {
    this.connection.close(1000);
  }

  /** Cuts the connection. */
  terminate(): void {
    this.connection.terminate();
  }

  private send(job: string, type: string, frame: string): Promise<boolean> {
    const number = numberOf(type);
    this.note(job, true, frame);
    if (!this.isDurable || number === undefined) return this.durable.plain(frame);
    const sent = this.sending.then(() => this.durable.message(job, number, frame));
    this.sending = sent.catch(() => undefined);
    return sent;
  }

  private async take<T>(
    text: string,
    handle: (message: MinerMessage) => Promise<T | void>,
    job?: string,
  ): Promise<T | void> {
    // A frame that cannot be read now cannot be read later: a durable one is acknowledged, lest it come for ever.
    const frame = await readFrame(minerToValidator, text, (sentence) => this.sendError(sentence));
    if (!frame) return undefined;
    for (const each of job === undefined ? this.jobsOf(frame.message) : [job]) this.note(each, false, text);
    return handle(frame.message);
  }

  private jobsOf(message: MinerMessage): string[] {
    return 'job_uuid' in message ? [message.job_uuid] : (this.end.jobsOf?.(message) ?? []);
  }

  private sendError(details: string): Promise<void> {
    this.logger.warn({ details }, 'the miner sent a frame that cannot be read');
    return this.connection.sendError(details);
  }

  private acknowledged(job: string, number: number): void {
    const came = (one: Acknowledgement) => one.job === job && one.number <= number;
    this.awaited.filter(came).forEach(({ resolve }) => resolve(true));
    this.awaited = this.awaited.filter((one) => !came(one));
  }
}
