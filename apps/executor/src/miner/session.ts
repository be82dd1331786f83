import type { Logger } from '@horde/operations';
import { complaintOf, GenericError, type Handlers, make, minerToExecutor } from '@horde/protocol';
import type { Closed, Connection } from '@horde/transport';
import type { Assignment } from './assignment.ts';

/** How long the miner may say nothing on a fresh connection before it counts as having let us in. @unit ms */
const silenceLimit = 5_000;

/** One connection to the miner: the miner lets us in by its first message, or refuses us by a GenericError. */
export class Session {
  /** What the miner said when it refused the token; null: it did not. */
  refusal: string | null = null;
  /** Whether we are let in. */
  isIn = false;
  private readonly decision = Promise.withResolvers<void>();
  /** Resolves when the last frame has been handed to the system. */
  private sent: Promise<unknown> = Promise.resolve();
  private readonly silence = setTimeout(() => this.letIn(), silenceLimit);

  /** Resolves when we are let in or refused, or the connection is gone. */
  readonly decided = this.decision.promise;

  constructor(
    private readonly connection: Connection,
    private readonly assignment: Assignment,
    private readonly logger: Logger,
  ) {
    void connection.closed.then(() => this.decide());
    connection.serve({
      direction: minerToExecutor,
      handlers: this.handlers,
      context: null,
      onBadFrame: (sentence) => this.complain(sentence),
      onError: (error) => this.logger.error({ error }, 'a message of the miner could not be handled'),
    });
  }

  get closed(): Promise<Closed> {
    return this.connection.closed;
  }

  send(frame: string): void {
    this.sent = this.connection.sendText(frame);
  }

  /** Closes the connection behind all that was sent: the time for closing must not be spent on a large result. */
  close(): void {
    void this.sent.then(() => this.connection.close(1000));
  }

  private readonly handlers: Handlers<typeof minerToExecutor, null> = {
    GenericError: (message) => {
      if (this.isIn)
        return this.logger.warn(`the miner did not understand a message: ${complaintOf(message)}`);
      this.refusal = complaintOf(message);
      this.decide();
    },
    V0InitialJobRequest: (message) => {
      this.letIn();
      this.complain(this.assignment.takeInitial(message));
    },
    V0JobRequest: (message) => {
      this.letIn();
      this.complain(this.assignment.takeJob(message));
    },
  };

  private letIn(): void {
    this.isIn = true;
    this.decide();
  }

  private decide(): void {
    clearTimeout(this.silence);
    this.decision.resolve();
  }

  private complain(sentence: string | null): void {
    if (sentence === null) return;
    this.logger.warn(`a message of the miner is not used: ${sentence}`);
    void this.connection.send(make(GenericError, { details: sentence }));
  }
}
