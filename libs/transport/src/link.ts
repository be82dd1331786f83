import { setTimeout as sleep } from 'node:timers/promises';
import type { Extension } from '@horde/protocol';
import { connect, pauseBefore } from './client.ts';
import type { Connection } from './connection.ts';
import { limits } from './limits.ts';

export interface LinkOptions {
  url: string;
  headers?: Record<string, string>;
  /** The extensions to ask for; each connection says which ones the peer picked. @default none */
  extensions?: readonly Extension[];
  /** Called with each fresh connection before any frame can arrive: the place for `serve`. */
  onOpening: (connection: Connection) => void;
  /** Says who we are. The link counts as up when this has resolved; when it throws, the connection is closed and tried again. */
  greet: (connection: Connection) => Promise<void>;
  onUp?: (connection: Connection) => void;
  onDown?: (why: string) => void;
  /** The longest pause before a further try. @unit ms @default 10,000 */
  maxPause?: number;
}

/** A connection that lasted less than this counts as a failure. @unit ms */
const shortLife = 1_000;

/** A connection that is opened again, for ever, whenever it is lost: at once the first time, then ever more slowly. */
export class Link {
  private readonly stopping = new AbortController();
  private readonly ended: Promise<void>;
  private up: Connection | null = null;

  constructor(private readonly options: LinkOptions) {
    this.ended = this.run();
  }

  /** The connection while the peer has accepted us; null otherwise. */
  get connection(): Connection | null {
    return this.up?.isOpen ? this.up : null;
  }

  /** Closes it for good; what the peer has sent until it agrees, within a second, is still handled. */
  async close(): Promise<void> {
    this.stopping.abort();
    await this.ended;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    for (let failures = 0; !signal.aborted;) {
      let upSince = Infinity;
      try {
        await this.once(signal, () => (upSince = performance.now()));
      } catch (error) {
        if (!signal.aborted) this.options.onDown?.(error instanceof Error ? error.message : String(error));
      }
      // A peer that accepts us and leaves at once is not to be called many times a second.
      failures = performance.now() - upSince > shortLife ? 1 : failures + 1;
      await sleep(pauseBefore(failures, 100, this.options.maxPause), undefined, { signal }).catch(
        () => undefined,
      );
    }
  }

  private async once(signal: AbortSignal, onUp: () => void): Promise<void> {
    const { url, headers, extensions, onOpening } = this.options;
    const connection = await connect(url, { headers, extensions, onOpening, attempts: 1, signal });
    let cut: NodeJS.Timeout | undefined;
    const close = () => {
      connection.leave('stopping');
      cut = setTimeout(() => connection.cut(), limits.closing);
    };
    signal.addEventListener('abort', close, { once: true });
    if (signal.aborted) close();
    try {
      await Promise.race([
        this.options.greet(connection),
        connection.closed.then(({ code, reason }) => {
          throw new Error(`closed with ${code} ${reason}`.trim());
        }),
      ]);
      this.up = connection;
      onUp();
      this.options.onUp?.(connection);
      const { code, reason } = await connection.closed;
      throw new Error(`closed with ${code} ${reason}`.trim());
    } finally {
      this.up = null;
      signal.removeEventListener('abort', close);
      clearTimeout(cut);
      // When the peer has left, what it sent before is still being handled; closing now would drop it.
      if (connection.isOpen) connection.close(1000);
    }
  }
}
