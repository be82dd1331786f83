import type { Logger } from '@horde/operations';
import { complaintOf, dispatch, type Handlers, minerToExecutor, writeFrame } from '@horde/protocol';
import {
  type Closed,
  type Connection,
  DurableLink,
  type Extension,
  limits,
  OutputSender,
  readFrame,
} from '@horde/transport';
import type { Assignment } from './assignment.ts';
import type { KeptOutput } from './kept-output.ts';
import type { SentMessages } from './sent-messages.ts';

/** How long the miner may send nothing on a fresh connection before it counts as having let us in. @unit ms */
const silenceLimit = 5_000;

/** How long output is gathered before more of it is sent. @unit ms */
const gathering = 40;

/** What a session has to do with. */
export interface SessionParts {
  assignment: Assignment;
  sent: SentMessages;
  kept: KeptOutput;
  logger: Logger;
  /** Called when the miner has committed more of what was sent, or stored more of the job's output. */
  onAcknowledged: () => void;
}

/**
 * One connection to the miner, which lets us in by its first message, or refuses us by a GenericError. On `durable-1`
 * the miner is sent what it lacks, and how much of it the miner has committed is kept in mind; on plain v0 all is sent.
 */
export class Session {
  /** Why the miner refused the token; null: it did not. */
  refusal: string | null = null;
  /** Whether we are let in. */
  isIn = false;
  private readonly decision = Promise.withResolvers<void>();
  private readonly link: DurableLink;
  private readonly output: OutputSender;
  /** The number of the last message that was sent here; null: it is not known yet where to begin. */
  private lastSent: number | null = null;
  /** Resolves when the last frame has been handed to the system. */
  private handedOver: Promise<unknown> = Promise.resolve();
  private readonly silence = setTimeout(() => this.letIn(), silenceLimit);

  /** Resolves when we are let in or refused, or the connection is gone. */
  readonly decided = this.decision.promise;

  /** To be made before the first frame can arrive. */
  constructor(
    private readonly connection: Connection,
    private readonly parts: SessionParts,
  ) {
    void connection.closed.then(() => this.decide());
    this.output = new OutputSender(
      parts.kept,
      (chunk) => this.plain(writeFrame(chunk)),
      (error) => parts.logger.error({ error }, 'output of the job could not be read'),
      gathering,
    );
    this.link = new DurableLink(
      connection,
      {
        onMessage: (job, number, frame) => this.takeNumbered(job, number, frame),
        onAcknowledged: async (job, number) => {
          if (!this.isOurs(job)) return;
          this.parts.sent.acknowledge(number);
          this.parts.onAcknowledged();
        },
        onResume: async (job, number) => this.resumed(job, number),
        onPlain: (frame) => this.take(frame),
        onBadFrame: (sentence) => this.sendError(sentence),
      },
      (error) => this.parts.logger.error({ error }, 'a message of the miner could not be handled'),
    );
  }

  /** Whether both sides support it. */
  speaks(extension: Extension): boolean {
    return this.connection.extensions.has(extension);
  }

  /** Resolves when the connection is gone, and all that the miner had sent is taken. */
  get closed(): Promise<Closed> {
    return this.connection.handled();
  }

  /** Begins to send; to be called when the connection is open. The miner may have sent something by then. */
  open(): void {
    const { jobUuid, received } = this.parts.assignment;
    if (!this.speaks('durable-1')) this.lastSent = 0;
    else if (jobUuid !== null && this.lastSent === null) void this.link.resume(jobUuid, received);
    this.sendMissing();
  }

  /** Sends what was not sent here before. */
  sendMissing(): void {
    if (this.lastSent === null) return;
    const { sent, assignment } = this.parts;
    while (this.lastSent < sent.last) {
      const number = ++this.lastSent;
      const frame = sent.frame(number);
      this.handedOver = this.speaks('durable-1')
        ? this.link.message(assignment.jobUuid!, number, frame)
        : this.link.plain(frame);
    }
  }

  /** Sends a frame that may be lost. Resolves when it is handed to the system; false: the connection is gone. */
  plain(frame: string): Promise<boolean> {
    return this.link.plain(frame);
  }

  /** There is more of the job's output, or its end. */
  ringOutput(): void {
    this.output.ring(null);
  }

  /** Closes the connection; on plain v0 behind all that was sent: the time for closing must not be spent on a result. */
  close(): void {
    if (!this.speaks('durable-1')) return void this.handedOver.then(() => this.connection.close(1000));
    this.connection.close(1000);
    const cut = setTimeout(() => this.connection.terminate(), limits.closing);
    void this.closed.then(() => clearTimeout(cut));
  }

  private readonly handlers: Handlers<typeof minerToExecutor, null> = {
    GenericError: (message) => {
      if (this.isIn)
        return this.parts.logger.warn(`the miner did not understand a message: ${complaintOf(message)}`);
      this.refusal = complaintOf(message);
      this.decide();
    },
    V0InitialJobRequest: (message) => {
      this.letIn();
      this.sendError(this.parts.assignment.takeInitial(message));
    },
    V0JobRequest: (message) => {
      this.letIn();
      this.sendError(this.parts.assignment.takeJob(message));
    },
    V0CancelJobRequest: (message) => {
      this.letIn();
      if (!this.speaks('cancel-1')) return this.sendError('This executor has not agreed on cancel-1.');
      this.sendError(this.parts.assignment.takeCancel(message));
    },
    V0JobOutputRequest: (message) => {
      const { kept, onAcknowledged } = this.parts;
      this.letIn();
      if (!this.speaks('logs-2')) return this.sendError('This executor has not agreed on logs-2.');
      if (!this.isOurs(message.job_uuid)) return undefined;
      kept.note(message);
      this.output.request(message);
      onAcknowledged();
    },
  };

  private async takeNumbered(job: string, number: number, frame: string): Promise<void> {
    const { assignment } = this.parts;
    this.letIn();
    // A miner that gives us the job here has received nothing of it.
    if (assignment.jobUuid === null) this.lastSent ??= 0;
    else if (!this.isOurs(job)) return;
    if (number <= assignment.received) return;
    await this.take(frame);
    if (assignment.jobUuid === job) assignment.received = number;
  }

  private async take(text: string): Promise<void> {
    const frame = await readFrame(minerToExecutor, text, (sentence) => {
      this.sendError(sentence);
      this.parts.assignment.takeUnreadable(text, sentence);
    });
    if (frame) await dispatch(this.handlers, frame.message, null, frame.json);
  }

  /** The miner says how far it is, and waits for what follows. */
  private resumed(job: string, number: number): void {
    const { sent, onAcknowledged } = this.parts;
    if (job === this.parts.assignment.jobUuid && number > sent.last) {
      this.refusal = 'it knows more of this job than this executor has said';
      return this.decide();
    }
    this.letIn();
    if (!this.isOurs(job) || this.lastSent !== null) return;
    sent.commitTo(number);
    this.lastSent = number;
    this.sendMissing();
    onAcknowledged();
  }

  private isOurs(job: string): boolean {
    const { jobUuid } = this.parts.assignment;
    if (job !== jobUuid) this.sendError(`This executor has job ${jobUuid ?? 'none'}, not ${job}.`);
    return job === jobUuid;
  }

  private letIn(): void {
    this.isIn = true;
    this.decide();
  }

  private decide(): void {
    clearTimeout(this.silence);
    this.decision.resolve();
  }

  private sendError(sentence: string | null): void {
    if (sentence === null) return;
    this.parts.logger.warn(`a message of the miner is not used: ${sentence}`);
    void this.connection.sendError(sentence);
  }
}
