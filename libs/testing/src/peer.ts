import { connect, type Closed, type Connection } from '@horde/transport';

type Frame = Record<string, unknown> & { message_type: string };

/** A scripted peer of the miner: what it was sent, in order, and a way to wait for the next. */
export class Peer {
  readonly frames: Frame[] = [];
  /** The frames as they came. */
  readonly texts: string[] = [];
  private read = 0;
  private wake: () => void = () => undefined;

  private constructor(readonly connection: Connection) {}

  static async connect(url: string, headers: Record<string, string> = {}): Promise<Peer> {
    let peer!: Peer;
    await connect(url, {
      attempts: 1,
      headers,
      onOpening: (connection) => {
        peer = new Peer(connection);
        connection.onText(
          async (text) => peer.receive(text),
          () => undefined,
        );
      },
    });
    return peer;
  }

  /** The next frame of one of these types; those before it are passed over. Rejects when the connection closes first. */
  async next(...types: string[]): Promise<Frame> {
    for (;;) {
      while (this.read < this.frames.length) {
        const frame = this.frames[this.read++]!;
        if (types.includes(frame.message_type)) return frame;
      }
      const closed = await Promise.race([
        new Promise<null>((resolve) => (this.wake = () => resolve(null))),
        this.connection.closed,
      ]);
      if (closed && this.read >= this.frames.length) {
        throw new Error(
          `closed with ${closed.code} while waiting for ${types.join(' or ')}, after ${this.types().join(', ')}`,
        );
      }
    }
  }

  types(): string[] {
    return this.frames.map(({ message_type }) => message_type);
  }

  send(message: object): Promise<boolean> {
    return this.connection.send(message);
  }

  /** Resolves when the miner has handled all that was sent before: it answers frames in order. */
  async settled(): Promise<void> {
    await this.connection.sendText('what has been handled?');
    await this.next('GenericError');
  }

  async close(): Promise<Closed> {
    this.connection.close(1000);
    return this.connection.closed;
  }

  private receive(text: string): void {
    this.texts.push(text);
    this.frames.push(JSON.parse(text) as Frame);
    this.wake();
  }
}
