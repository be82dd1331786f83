import { connect, DurableLink, type Connection, type DurableEnd, type Extension } from '@horde/transport';
import { writeFrame, type JobOutputChunk, type JobOutputRequest } from '@horde/protocol';

/** Something that the miner has said on a `durable-1` connection. */
export type Heard =
  | { is: 'message'; job: string; number: number; frame: Frame; text: string }
  | { is: 'ack' | 'resume'; job: string; number: number }
  | { is: 'plain'; frame: Frame; text: string };
type Frame = Record<string, unknown> & { message_type: string };

/** A scripted peer of the miner that speaks `durable-1`. */
export class DurablePeer implements DurableEnd {
  readonly heard: Heard[] = [];
  /** Whether what the miner says is stored, as far as the miner is told. */
  acknowledges = true;
  /** What is done with output, and with requests for it. */
  onOutput: (chunk: JobOutputChunk) => void = () => undefined;
  onOutputRequest: (request: JobOutputRequest) => void = () => undefined;
  private link!: DurableLink;
  private read = 0;
  private wake: () => void = () => undefined;

  private constructor(readonly connection: Connection) {}

  static async connect(
    url: string,
    extensions: readonly Extension[] = ['durable-1', 'cancel-1', 'logs-1'],
  ): Promise<DurablePeer> {
    let peer!: DurablePeer;
    await connect(url, {
      attempts: 1,
      extensions,
      onOpening: (connection) => {
        peer = new DurablePeer(connection);
        peer.link = new DurableLink(connection, peer, () => undefined);
      },
    });
    return peer;
  }

  message(job: string, number: number, message: object): Promise<boolean> {
    return this.link.message(job, number, writeFrame(message));
  }

  plain(message: object): Promise<boolean> {
    return this.link.plain(writeFrame(message));
  }

  resume(job: string, number: number): Promise<boolean> {
    return this.link.resume(job, number);
  }

  /** The next that is like this; what came before it is passed over. Rejects when the connection closes first. */
  async next(isIt: (heard: Heard) => boolean): Promise<Heard> {
    for (;;) {
      while (this.read < this.heard.length) {
        const one = this.heard[this.read++]!;
        if (isIt(one)) return one;
      }
      const closed = await Promise.race([
        new Promise<null>((resolve) => (this.wake = () => resolve(null))),
        this.connection.closed,
      ]);
      if (closed && this.read >= this.heard.length) {
        throw new Error(`closed with ${closed.code}, after ${JSON.stringify(this.heard)}`);
      }
    }
  }

  /** The next message of this type, numbered or not. */
  async nextFrame(type: string): Promise<Frame & { number?: number; raw: string }> {
    const one = await this.next((heard) => 'frame' in heard && heard.frame.message_type === type);
    if (!('frame' in one)) throw new Error('unreachable');
    const { frame, text } = one;
    return { ...frame, raw: text, ...(one.is === 'message' && { number: one.number }) };
  }

  /** Resolves when the miner has stored the job's message of this number. */
  async acknowledged(number: number): Promise<void> {
    const isIt = (heard: Heard) => heard.is === 'ack' && heard.number === number;
    // It may have come before something that was waited for.
    if (!this.heard.slice(0, this.read).some(isIt)) await this.next(isIt);
  }

  /** The next number with which the miner resumes. */
  async resumed(): Promise<number> {
    const one = await this.next((heard) => heard.is === 'resume');
    return 'number' in one ? one.number : NaN;
  }

  /** Resolves when the miner has handled all that was sent before: it answers frames in order. */
  async settled(): Promise<void> {
    await this.link.plain('what has been handled?');
    await this.nextFrame('GenericError');
  }

  /** The types of what the miner has said about jobs. */
  types(): string[] {
    return this.heard.flatMap((heard) => (heard.is === 'message' ? [heard.frame.message_type] : []));
  }

  /** Is gone, without a word. */
  async vanish(): Promise<void> {
    this.connection.terminate();
    await this.connection.closed;
  }

  async onMessage(job: string, number: number, text: string): Promise<void> {
    this.note({ is: 'message', job, number, text, frame: JSON.parse(text) as Frame });
    if (!this.acknowledges) await new Promise(() => undefined);
  }

  async onAcknowledged(job: string, number: number): Promise<void> {
    this.note({ is: 'ack', job, number });
  }

  async onResume(job: string, number: number): Promise<void> {
    this.note({ is: 'resume', job, number });
  }

  async onPlain(text: string): Promise<void> {
    const frame = JSON.parse(text) as Frame;
    if (frame.message_type === 'V0JobOutputChunk') this.onOutput(frame as unknown as JobOutputChunk);
    if (frame.message_type === 'V0JobOutputRequest')
      this.onOutputRequest(frame as unknown as JobOutputRequest);
    this.note({ is: 'plain', text, frame });
  }

  onBadFrame(sentence: string): void {
    throw new Error(sentence);
  }

  private note(heard: Heard): void {
    this.heard.push(heard);
    this.wake();
  }
}
