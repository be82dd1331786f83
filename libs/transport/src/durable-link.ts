import { readDurableLine, writeDurableLine } from '@horde/protocol';
import type { Connection } from './connection.ts';

/** A message that is handled further while later frames are. */
export interface Pending {
  /**
   * True when it has been committed and is to be acknowledged; false when it was given up, or when the acknowledgement of
   * a later one of its job tells of it. Never rejects.
   */
  committed: Promise<boolean>;
}

/** What the owner of one end of a `durable-1` connection does with what comes. */
export interface DurableEnd {
  /**
   * A numbered message. It is acknowledged when this resolves, so it has to be committed then; what resolves with
   * something pending is acknowledged when that is committed. After an interruption messages come again: one whose number
   * is not above the last one taken for its job must change nothing.
   */
  onMessage(job: string, number: number, frame: string): Promise<Pending | undefined | void>;
  /**
   * Whether the peer may speak of jobs yet. What it says before is dropped and not acknowledged: it comes again when we
   * resume. @default it may
   */
  isReady?(): boolean;
  /** The peer has committed all of the job's messages up to this number: they need not be kept. @default nothing */
  onAcknowledged?(job: string, number: number): Promise<void>;
  /** The peer has all up to this number, and waits for what follows. @default all that is kept is sent anyway */
  onResume?(job: string, number: number): Promise<void>;
  /** A frame of the plain protocol: an authentication, a manifest, a complaint, live output. */
  onPlain(frame: string): Promise<void>;
  /** A frame that is neither. Its sentence may be sent back. */
  onBadFrame(sentence: string): Promise<void> | void;
}

/** What may be on its way without being acknowledged, before more of it waits; a peer that sends more is cut. */
const window = { messages: 64, characters: 16 * 1024 * 1024 };

/** What may wait for that. Who has more to say than this asks before it has an answer. */
const maxWaiting = { messages: 1_024, characters: 128 * 1024 * 1024 };
/** How long messages may wait for a peer that acknowledges nothing. @unit ms */
const maxStall = 30_000;
/** How many jobs a peer may resume on one connection. */
const maxResumed = 4_096;
/** Of how many jobs is kept in mind how far the peer has come. */
const maxReached = 4_096;

interface Unacknowledged {
  job: string;
  number: number;
  characters: number;
  onAcknowledged: (() => void) | undefined;
}

interface Waiting {
  job: string;
  number: number;
  frame: string;
  onAcknowledged: (() => void) | undefined;
  /** Ends the wait with what `message` returns. */
  settle: (sent: Promise<boolean> | false) => void;
}

/**
 * `durable-1`: a connection on which no message about a job is lost. Each job's messages bear rising numbers (gaps are
 * allowed) that its sender keeps with them, and each is acknowledged once its receiver has committed it. Whoever opens
 * or takes a connection says with `resume` how far it has come, and hears again what follows.
 *
 * docs/extensions.md describes its frames.
 */
export class DurableLink {
  private readonly unacknowledged: Unacknowledged[] = [];
  private unacknowledgedCharacters = 0;
  private readonly waiting: Waiting[] = [];
  private waitingCharacters = 0;
  /** Cuts the connection when the peer, for which messages wait, acknowledges none. */
  private stall: NodeJS.Timeout | undefined;
  /** Job -> the highest number that the peer has, as it said on this connection; of the jobs it spoke of last. */
  private readonly reached = new Map<string, number>();
  /** The jobs that the peer has resumed on this connection. */
  private readonly resumed = new Set<string>();
  /** Acknowledgements that the peer has not taken. */
  private untakenAcks = 0;
  /** What the peer has sent and is not committed yet. */
  private readonly pending = { messages: 0, characters: 0 };

  /** Takes the connection's frames; call before the first can arrive. */
  constructor(
    private readonly connection: Connection,
    private readonly end: DurableEnd,
    private readonly onError: (error: unknown) => void,
  ) {
    connection.serve({
      receive: (text) => this.take(text),
      onBadFrame: (sentence) => end.onBadFrame(sentence),
      onError,
    });
    void connection.closed.then(() => {
      clearTimeout(this.stall);
      this.waiting.splice(0).forEach(({ settle }) => settle(false));
    });
  }

  /**
   * Sends a numbered message, once there is room for it: a peer that does not acknowledge is not sent ever more. They
   * go in the order of the calls. Not to be waited for in a handler of this link: what makes room comes behind the frame
   * that is being handled.
   *
   * @param onAcknowledged the peer has committed what was sent on this connection; called at most once, and never for
   * what only waited
   * @returns false when the connection is gone, or cut because too much waits; the message is to be sent on the next one
   */
  async message(job: string, number: number, frame: string, onAcknowledged?: () => void): Promise<boolean> {
    if (!this.connection.isOpen) return false;
    if (!this.isFull && this.waiting.length === 0)
      return this.sendMessage(job, number, frame, onAcknowledged);
    this.waitingCharacters += frame.length;
    if (this.waiting.length >= maxWaiting.messages || this.waitingCharacters > maxWaiting.characters) {
      this.connection.terminate();
      return false;
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.waiting.push({ job, number, frame, onAcknowledged, settle: resolve });
    if (this.waiting.length === 1) this.watchStall();
    return promise;
  }

  /** Tells the peer how far we have come, 0 for nothing yet, and that we wait for what follows. */
  resume(job: string, number: number): Promise<boolean> {
    return this.connection.sendText(writeDurableLine('resume', job, number));
  }

  /** Sends a frame of the plain protocol, which may be lost with the connection. */
  plain(frame: string): Promise<boolean> {
    return this.connection.sendText(frame);
  }

  private async take(text: string): Promise<void> {
    if (!text.startsWith('[') || !this.connection.extensions.has('durable-1')) return this.end.onPlain(text);
    const lineEnd = text.indexOf('\n');
    const read = readDurableLine(lineEnd < 0 ? text : text.slice(0, lineEnd));
    if (!read || (read.word === 'message') !== lineEnd >= 0) {
      return this.end.onBadFrame('A frame that begins with "[" has to be one of the durable link.');
    }
    if (this.end.isReady?.() === false) return;
    const { word, job, number } = read;
    switch (word) {
      case 'message':
        return this.takeMessage(job, number, text.slice(lineEnd + 1));
      case 'ack':
        return this.takeAck(job, number);
      case 'resume':
        return this.takeResume(job, number);
    }
  }

  private async takeMessage(job: string, number: number, frame: string): Promise<void> {
    const { pending } = this;
    // Not a pause in reading: what commits these may come behind them.
    if (isBeyond(window, pending.messages, pending.characters)) {
      this.onError(new Error('The peer was cut off: it sends more than is acknowledged.'));
      return this.connection.terminate();
    }
    const taken = await this.end.onMessage(job, number, frame);
    if (!taken) return this.acknowledge(job, number);
    pending.messages++;
    pending.characters += frame.length;
    void taken.committed.then((committed) => {
      pending.messages--;
      pending.characters -= frame.length;
      return committed ? this.acknowledge(job, number) : undefined;
    });
  }

  private async takeAck(job: string, number: number): Promise<void> {
    const isNew = number > (this.reached.get(job) ?? -1);
    if (this.arrived(job, number) || isNew) await this.end.onAcknowledged?.(job, number);
  }

  /** Each has all that follows sent again: a peer may ask for it once, and not for what it has acknowledged. */
  private async takeResume(job: string, number: number): Promise<void> {
    const isAgain = this.resumed.has(job) || number < (this.reached.get(job) ?? 0);
    if (isAgain || this.resumed.size >= maxResumed)
      return this.connection.close(1008, isAgain ? 'a job was resumed again' : 'too many jobs were resumed');
    this.resumed.add(job);
    this.arrived(job, number);
    await this.end.onResume?.(job, number);
  }

  /**
   * Not waited for until the peer has left many untaken: two peers that have both sent much, and both wait for the other
   * to take an acknowledgement before they take more, would wait for ever.
   */
  private async acknowledge(job: string, number: number): Promise<void> {
    this.untakenAcks++;
    const taken = this.connection
      .sendText(writeDurableLine('ack', job, number))
      .then(() => this.untakenAcks--);
    if (this.untakenAcks > window.messages) await taken;
  }

  private sendMessage(
    job: string,
    number: number,
    frame: string,
    onAcknowledged: (() => void) | undefined,
  ): Promise<boolean> {
    this.unacknowledged.push({ job, number, characters: frame.length, onAcknowledged });
    this.unacknowledgedCharacters += frame.length;
    return this.connection.sendText(`${writeDurableLine('message', job, number)}\n${frame}`);
  }

  /** The peer has the job's messages up to this number. Returns whether some of them were on their way. */
  private arrived(job: string, number: number): boolean {
    this.remember(job, number);
    const before = this.unacknowledged.length;
    for (let at = before - 1; at >= 0; at--) {
      const one = this.unacknowledged[at]!;
      if (one.job !== job || one.number > number) continue;
      this.unacknowledgedCharacters -= one.characters;
      this.unacknowledged.splice(at, 1);
      one.onAcknowledged?.();
    }
    const arrived = this.unacknowledged.length < before;
    while (!this.isFull && this.waiting.length > 0) {
      const next = this.waiting.shift()!;
      this.waitingCharacters -= next.frame.length;
      next.settle(this.sendMessage(next.job, next.number, next.frame, next.onAcknowledged));
    }
    if (arrived) this.watchStall();
    return arrived;
  }

  private watchStall(): void {
    clearTimeout(this.stall);
    if (this.waiting.length > 0) this.stall = setTimeout(() => this.connection.terminate(), maxStall);
  }

  private remember(job: string, number: number): void {
    const reached = Math.max(number, this.reached.get(job) ?? 0);
    this.reached.delete(job);
    this.reached.set(job, reached);
    if (this.reached.size > maxReached) this.reached.delete(this.reached.keys().next().value!);
  }

  private get isFull(): boolean {
    return isBeyond(window, this.unacknowledged.length, this.unacknowledgedCharacters);
  }
}

const isBeyond = (limit: typeof window, messages: number, characters: number): boolean =>
  messages >= limit.messages || characters >= limit.characters;
