import { EventEmitter, once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { FrameCutter, Mixer, type Mixing } from './frames.ts';

/** From who connects to who listens, or back. */
export type Way = 'there' | 'back';

/** What becomes of bytes on their way. */
interface Condition {
  /** They are kept until the condition changes. */
  held: boolean;
  /** @unit ms */
  delay: number;
  /** @unit bytes/s */
  rate: number;
  /** What becomes of frames; on links of websockets only. */
  mixing: Mixing | null;
}

const usual: Condition = { held: false, delay: 0, rate: Infinity, mixing: null };

/** A way to a port of this machine that can be cut, held, delayed and throttled, each direction for itself. */
export class Link {
  private readonly ways: Record<Way, Condition> = { there: { ...usual }, back: { ...usual } };
  private readonly mixers: Record<Way, Mixer> = { there: new Mixer(), back: new Mixer() };
  private readonly sockets = new Set<Socket>();
  private readonly dead = new Set<Socket>();
  /** Their next answer is never heard. */
  private readonly unheard = new Set<Socket>();
  private readonly changed = new EventEmitter().setMaxListeners(0);
  private readonly server = net.createServer((near) => this.join(near));
  /** The next request that begins so gets no answer: its connection is cut when one comes. */
  private unanswered: RegExp | null = null;
  /** While it is shut new connections are refused. */
  private shut = false;

  private constructor(
    readonly name: string,
    /** The port that it leads to, or the path of a socket; of connections from now on. */
    public target: number | string,
    private readonly isWebsocket: boolean,
  ) {}

  /**
   * @param isWebsocket whether websockets pass, and nothing but HTTP
   * @param straight nothing can become of it: who uses it connects to its target
   */
  static async open(
    name: string,
    target: number | string,
    isWebsocket: boolean,
    straight = false,
  ): Promise<Link> {
    const link = new Link(name, target, isWebsocket);
    if (straight) return link;
    link.server.listen(0, '127.0.0.1');
    await once(link.server, 'listening');
    return link;
  }

  get port(): number {
    return (this.server.address() as AddressInfo | null)?.port ?? Number(this.target);
  }

  /** Cuts all connections. @param shut refuses new ones until it is healed */
  cut(shut: boolean): void {
    this.shut = shut;
    this.sockets.forEach((socket) => socket.destroy());
  }

  /** Passes nothing on any more of the connections that there are; neither end is told. New ones are as always. */
  leaveHalfOpen(): void {
    this.sockets.forEach((socket) => this.dead.add(socket));
  }

  set(way: Way, condition: Partial<Condition>): void {
    Object.assign(this.ways[way], condition);
    this.changed.emit('change');
  }

  /** Cuts the connection of the next request that begins so, when its answer comes: what it asks for has happened. */
  loseAnswerTo(beginning: RegExp): void {
    this.unanswered = beginning;
  }

  heal(): void {
    this.shut = false;
    this.unanswered = null;
    this.dead.forEach((socket) => socket.destroy());
    this.set('there', usual);
    this.set('back', usual);
  }

  close(): void {
    this.cut(true);
    this.heal();
    this.server.close();
  }

  private join(near: Socket): void {
    if (this.shut) return void near.on('error', () => undefined).destroy();
    const { target } = this;
    const far = net.connect(
      typeof target === 'string' ? { path: target } : { port: target, host: '127.0.0.1' },
    );
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.forget(socket);
        // What one that ended in order has said may still be on its way.
        if (!socket.readableEnded) other.destroy();
      });
    }
    void this.pass(near, far, 'there');
    void this.pass(far, near, 'back');
  }

  private forget(socket: Socket): void {
    this.sockets.delete(socket);
    this.dead.delete(socket);
    this.unheard.delete(socket);
  }

  private async pass(from: Socket, to: Socket, way: Way): Promise<void> {
    const condition = this.ways[way];
    const cutter = this.isWebsocket ? new FrameCutter() : null;
    try {
      for await (const bytes of from as AsyncIterable<Buffer>) {
        const mix = (frame: Buffer) => this.mixers[way].mix(frame, condition.mixing);
        const chunk = cutter ? Buffer.concat(cutter.push(bytes).flatMap(mix)) : bytes;
        if (chunk.length === 0) continue;
        while (condition.held) await once(this.changed, 'change');
        if (this.dead.has(from)) continue;
        if (way === 'there' && this.unanswered?.test(chunk.toString('latin1', 0, 200))) {
          this.unanswered = null;
          this.unheard.add(to);
        } else if (this.unheard.has(from)) return void from.destroy();
        const wait = condition.delay + (chunk.length / condition.rate) * 1_000;
        if (wait > 0) await sleep(wait);
        if (!to.writable) return;
        if (!to.write(chunk)) await once(to, 'drain');
      }
      if (!this.dead.has(from)) to.end();
    } catch {
      to.destroy();
    }
  }
}
