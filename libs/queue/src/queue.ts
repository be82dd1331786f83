import { setTimeout as sleep } from 'node:timers/promises';
import { Handler, type WorkerOptions } from './handler.ts';
import { Store, type QueueSettings } from './store.ts';

/** How long an entry of a queue that nobody works on yet waits for its worker: services start part by part. @unit ms */
const handlerLimit = 60_000;
/**
 * A queue that wakes workers up. It is a doorbell, not the truth: an entry carries an id and nothing else, may ring
 * twice, and may be lost with its store; whoever rings has stored the work first, and sweeps it from there.
 */
export interface Queue {
  /**
   * Rings for an id. While an entry of that id waits or is being worked on, further rings change nothing.
   *
   * @param delay ms
   * @throws Error when the store has not taken it within 15 s; it may still do so later
   */
  ring(id: string, delay?: number): Promise<void>;
  /** Calls `handle` for every ring, on one worker at a time. */
  work(handle: (id: string) => Promise<void>, options: WorkerOptions): void;
  /**
   * Rings for an id again and again; resolves when it does, and the worker is ready.
   *
   * @param interval ms
   * @throws Error when the store does not answer, or when nobody here works on the queue: `work` comes first
   */
  every(id: string, interval: number): Promise<void>;
}

/** The queues of a service: names in one queue of BullMQ, with one worker and a handful of connections a process. */
export class Queues {
  private readonly store: Store;
  private readonly handlers = new Map<string, PromiseWithResolvers<Handler>>();
  /** The queues that are worked on here. */
  private readonly worked = new Set<string>();

  constructor(settings: QueueSettings) {
    this.store = new Store(settings, {
      handle: (name, id) => this.handle(name, id),
      failed: (name, error, id) => this.failed(name, error, id),
    });
  }

  open(name: string): Queue {
    return {
      ring: (id, delay = 0) => this.store.add(name, id, delay),
      every: async (id, interval) => {
        if (!this.worked.has(name))
          throw new Error(`The schedule ${id} of the queue ${name} would do nothing.`);
        await this.store.schedule(name, id, interval);
      },
      work: (handle, options) => {
        this.worked.add(name);
        this.handlerOf(name).resolve(new Handler(handle, options));
        this.store.work(name);
      },
    };
  }

  close(): Promise<void> {
    return this.store.close();
  }

  private handlerOf(name: string): PromiseWithResolvers<Handler> {
    const handler = this.handlers.get(name) ?? Promise.withResolvers<Handler>();
    this.handlers.set(name, handler);
    return handler;
  }

  private async handle(name: string, id: string): Promise<void> {
    const late = new AbortController();
    const nobody = sleep(handlerLimit, undefined, { signal: late.signal, ref: false }).then(() => {
      throw new Error(`nobody works on the queue ${name}`);
    });
    nobody.catch(() => undefined);
    const handler = await Promise.race([this.handlerOf(name).promise, nobody]);
    late.abort();
    await handler.run(id);
  }

  private failed(name: string, error: Error, id: string | null): void {
    void this.handlerOf(name).promise.then((handler) => handler.options.onError(error, id));
  }
}
