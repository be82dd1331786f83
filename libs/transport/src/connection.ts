import { GenericError, make, writeFrame, type Extension } from '@horde/protocol';
import type { RawData, WebSocket } from 'ws';
import { cutError } from './frames.ts';
import { heartbeats, type Heart } from './heartbeats.ts';
import { limits } from './limits.ts';

export interface Closed {
  /** The websocket's close code; 1006 when the connection was lost without one. */
  code: number;
  reason: string;
}

/** What is done with what a peer sends. */
export interface ServeOptions {
  /** Handles a text frame. When it throws, the connection is closed with 1011. */
  receive: (text: string) => Promise<void>;
  /** A frame that is none. Its sentence may be sent back. @default it is sent back */
  onBadFrame?: (sentence: string) => Promise<void> | void;
  /** `receive` has thrown this. */
  onError: (error: unknown) => void;
}

const none: ReadonlySet<Extension> = new Set();
const done = Promise.resolve();

function notInTime(this: Connection): void {
  this.close(1008, 'not authenticated in time');
}

/**
 * One websocket to one peer. Frames are handled one after another, in order; while too many wait, the socket is
 * not read, so that a fast peer fills its own memory and not ours.
 */
export class Connection implements Heart {
  /** Resolves, never rejects, when the connection is gone. */
  readonly closed: Promise<Closed>;
  /** What had been read of the peer at the last look, and how many looks have found nothing new. */
  private seen = 0;
  private silences = 0;
  private closedByUs = false;
  private held = false;
  /** What both ends have agreed on; set before the first frame. */
  extensions: ReadonlySet<Extension> = none;
  /** How many more frames are handled of a peer that is not trusted; of one that is there is no bound. */
  private framesLeft = Infinity;
  private onDistrustEnd: ((isTrusted: boolean) => void) | null = null;
  /** Called when the peer has not been trusted in time; it closes the connection, with the code and words of its link. */
  onTimeLimit = notInTime;
  private waiting = 0;
  private waitingText = 0;
  /** Errors that the peer has not taken. */
  private untakenErrors = 0;
  private handling: Promise<void> = done;
  /** Which of the heartbeats is ours. */
  turn = 0;

  /** @param source counts what has been read of the peer so far, parts of frames included */
  constructor(
    private readonly socket: WebSocket,
    private readonly source: { readonly bytesRead: number },
  ) {
    heartbeats.add(this);
    socket.on('error', () => socket.terminate());
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        heartbeats.delete(this);
        this.endDistrust(false);
        resolve({ code, reason: reason.toString('utf8') });
      });
    });
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  /** What waits in the send buffer because the peer has not taken it. @unit bytes */
  get unsent(): number {
    return this.socket.bufferedAmount;
  }

  /** As `closed`, but only when everything that the peer sent before it left has been handled too. */
  async handled(): Promise<Closed> {
    const closed = await this.closed;
    await this.handling;
    return closed;
  }

  /** Hands every frame of the peer to its handler, one after another. Call once, before the first can arrive. */
  serve({ receive, onBadFrame = (sentence) => this.sendError(sentence), onError }: ServeOptions): void {
    this.onText(
      async (text) => {
        try {
          await receive(text);
        } catch (error) {
          onError(error);
          this.close(1011, 'internal error');
        }
      },
      () => onBadFrame('Only text frames are understood.'),
    );
  }

  /**
   * As `serve`, for handlers that do not throw. Binary frames wait for their turn as texts do: a peer that sends many and
   * takes no answer must not fill our memory with those.
   */
  onText(handle: (text: string) => Promise<void>, onBinary: () => Promise<void> | void): void {
    this.socket.on('message', (data: RawData, isBinary: boolean) => {
      // The text is made at once: ws reuses nothing, but many small fragments would stay in memory as such.
      const text = isBinary
        ? ''
        : (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)).toString('utf8');
      this.waiting++;
      this.waitingText += text.length;
      if (this.isFull) this.socket.pause();
      const handled = this.handling.then(async () => {
        // What a peer sent before it left still counts; what comes after we closed does not.
        if (!this.closedByUs && this.framesLeft-- > 0) await (isBinary ? onBinary() : handle(text));
        this.waiting--;
        this.waitingText -= text.length;
        this.readOn();
        // An idle connection keeps nothing of what it has handled.
        if (this.handling === handled) this.handling = done;
      });
      this.handling = handled;
    });
  }

  /** Sends a message; resolves when it has been handed to the system, false when the peer is gone. */
  send(message: object): Promise<boolean> {
    return this.sendText(writeFrame(message));
  }

  /**
   * Tells the peer that it sent what cannot be used. It can mend its frame by the beginning of the sentence, and is not
   * to be sent that frame back; one that takes no errors is sent no more of them. Resolves when it has been handed to the
   * system, or is dropped.
   */
  async sendError(sentence: string): Promise<void> {
    if (this.untakenErrors >= limits.untakenErrors) return;
    this.untakenErrors++;
    await this.send(make(GenericError, { details: cutError(sentence) }));
    this.untakenErrors--;
  }

  async sendText(text: string): Promise<boolean> {
    if (!this.isOpen) return false;
    if (this.socket.bufferedAmount > limits.sendBuffer) {
      this.socket.terminate();
      return false;
    }
    return new Promise((resolve) => this.socket.send(text, (error) => resolve(!error)));
  }

  /** Closes it. A peer that is not trusted, and does not leave within a second, is cut: it would keep what it has sent in our memory. */
  close(code = 1000, reason = ''): void {
    this.closedByUs = true;
    this.socket.close(code, reason);
    if (this.framesLeft !== Infinity) setTimeout(() => this.socket.terminate(), limits.closing).unref();
  }

  /** Closes it because we stop: what the peer sends before it agrees is still handled. */
  leave(reason: string): void {
    this.socket.close(1001, reason);
  }

  /**
   * Nobody knows yet who the peer is: no more than so many of its frames are handled until `trust` is called.
   * @param onEnd called once: when it is trusted, or is gone without
   */
  distrust(frames: number, onEnd: (isTrusted: boolean) => void): void {
    this.framesLeft = frames;
    this.onDistrustEnd = onEnd;
  }

  /** Reads nothing more of the peer until `trust` is called. */
  hold(): void {
    this.held = true;
    this.socket.pause();
  }

  /** The peer is known: it may send as much as any, and is no longer counted among those that are not. */
  trust(): void {
    this.framesLeft = Infinity;
    this.endDistrust(true);
    this.held = false;
    this.readOn();
  }

  /** Cuts the connection without a closing handshake. */
  terminate(): void {
    this.closedByUs = true;
    this.socket.terminate();
  }

  /** Cuts the connection as the network would: what the peer has sent before is still handled. */
  cut(): void {
    this.socket.terminate();
  }

  /** Checks that the peer has given a sign of life, and asks for the next. Called by the process's heartbeats. */
  beat(): void {
    const read = this.source.bytesRead;
    // A part of a frame is a sign of life: no answer can come before its end. Nor can any from a socket that is not read.
    if (read !== this.seen || this.socket.isPaused) this.silences = 0;
    else this.silences++;
    this.seen = read;
    const patience = this.socket.bufferedAmount / ((limits.slowestPeer * limits.heartbeat) / 1_000);
    if (this.silences >= 2 + patience) return this.socket.terminate();
    if (this.isOpen) this.socket.ping();
  }

  private endDistrust(isTrusted: boolean): void {
    this.onDistrustEnd?.(isTrusted);
    this.onDistrustEnd = null;
    this.onTimeLimit = notInTime;
  }

  private readOn(): void {
    if (!this.held && !this.isFull && this.socket.isPaused) this.socket.resume();
  }

  private get isFull(): boolean {
    return this.waiting >= limits.waitingFrames || this.waitingText >= limits.waitingText;
  }
}
