import { complaintOf, GenericError, minerToValidator, validatorPath, type Message } from '@horde/protocol';
import { connect, type Connection } from '@horde/transport';
import type { TestValidator } from './test-validator.ts';

type Class<M> = new () => M;

/** How long the miner may take to let a validator in. @unit ms */
const loginLimit = 30_000;

/** One connection of the test validator to the miner. */
export class TestConnection {
  /** What the miner complained of, in order. */
  readonly complaints: string[] = [];
  private readonly messages: Message[] = [];
  private connection!: Connection;
  private wake: () => void = () => undefined;

  private constructor(private readonly signal: AbortSignal) {}

  /**
   * Connects and authenticates.
   *
   * @param address `host:port`
   * @throws Error with the miner's own sentence when it refuses
   */
  static async open(address: string, validator: TestValidator, signal: AbortSignal): Promise<TestConnection> {
    const conversation = new TestConnection(signal);
    conversation.connection = await connect(`ws://${address}${validatorPath(validator.hotkey)}`, {
      attempts: 1,
      signal,
      onOpening: (connection) => {
        connection.onText(
          async (text) => conversation.receive(text),
          () => undefined,
        );
        void connection.closed.then(() => conversation.wake());
      },
    });
    await conversation.say(validator.auth());
    return conversation;
  }

  /** Sends a message. @throws Error when the connection is gone */
  async say(message: object): Promise<void> {
    if (!(await this.connection.send(message))) throw new Error(this.closedSentence());
  }

  /**
   * The next message of one of these classes; others before it are passed over.
   *
   * @param limit how long it may take. @unit ms
   * @throws Error with a sentence when it does not come
   */
  async next<M extends Message>(limit: number, ...classes: Class<M>[]): Promise<M> {
    const late = AbortSignal.timeout(limit);
    const stop = AbortSignal.any([late, this.signal]);
    stop.addEventListener('abort', () => this.wake(), { once: true });
    for (;;) {
      for (let message; (message = this.messages.shift());) {
        if (classes.some((type) => message instanceof type)) return message as M;
      }
      this.signal.throwIfAborted();
      if (!this.connection.isOpen) throw new Error(this.closedSentence());
      if (late.aborted) throw new Error(this.lateSentence(limit));
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** The next message, within the time that a miner may take to let a validator in. */
  async afterLogin<M extends Message>(...classes: Class<M>[]): Promise<M> {
    return this.next(loginLimit, ...classes);
  }

  /** Resolves when everything that was said has been sent, and the connection is closed. */
  async close(): Promise<void> {
    this.connection.close(1000);
    const cut = setTimeout(() => this.connection.terminate(), 1_000);
    await this.connection.closed;
    clearTimeout(cut);
  }

  private receive(text: string): void {
    let message: Message;
    try {
      ({ message } = minerToValidator.read(text));
    } catch (error) {
      this.complaints.push(
        `the self-test does not understand what the miner sends: ${(error as Error).message}`,
      );
      return;
    }
    if (message instanceof GenericError) this.complaints.push(complaintOf(message));
    this.messages.push(message);
    this.wake();
  }

  private closedSentence(): string {
    return `the miner closed the connection${this.lastComplaint()}`;
  }

  private lateSentence(limit: number): string {
    return `the miner did not answer within ${Math.round(limit / 1000)} s${this.lastComplaint()}`;
  }

  private lastComplaint(): string {
    const last = this.complaints.at(-1);
    return last === undefined ? '' : `, and said: ${last}`;
  }
}
