import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Signable } from './bytes.ts';
import { IdentityError } from './identity-error.ts';

/** One signature to verify: as `verifyHex` takes it when it is text, as `verify` does when it is bytes. */
export interface SignedItem {
  data: Signable;
  signature: Uint8Array | string;
  hotkey: string | Uint8Array;
}

export interface VerifierPoolOptions {
  /** Threads. Default: one less than the machine's cores, at least one. */
  size?: number;
  /** How many items may wait before further calls are refused. Default 100,000. */
  maxWaiting?: number;
}

/** A call of `verifyAll` that has items left to hand out. */
interface Call {
  items: readonly SignedItem[];
  answers: boolean[];
  /** Items up to here are handed out. */
  next: number;
  /** Items whose answer is still to come. */
  missing: number;
  resolve(answers: boolean[]): void;
  reject(error: Error): void;
}

interface Thread {
  worker: Worker;
  batch: { call: Call; from: number; count: number } | null;
}

/** About 10 ms of work: few messages, and calls take turns without a long wait. */
const batchSize = 64;

/**
 * Verifies many signatures on threads of its own, off the event loop. Threads start with the first call and keep no
 * process alive while they are idle. Calls that wait take turns, a batch each.
 */
export class VerifierPool {
  readonly #size: number;
  readonly #maxWaiting: number;
  readonly #threads = new Set<Thread>();
  #calls: Call[] = [];
  #waiting = 0;
  #closed = false;

  constructor(options: VerifierPoolOptions = {}) {
    this.#size = Math.max(1, options.size ?? availableParallelism() - 1);
    this.#maxWaiting = options.maxWaiting ?? 100_000;
  }

  /**
   * Whether each signature holds, in the order of the items. A malformed signature or hotkey is false, as in `verify`.
   *
   * @throws IdentityError when too many items of other calls wait already, when the pool is or gets closed, or when a
   *   thread ends (out of memory); the pool goes on with a new one
   */
  async verifyAll(items: readonly SignedItem[]): Promise<boolean[]> {
    if (this.#closed) throw new IdentityError('The verifier is closed.');
    if (this.#waiting > 0 && this.#waiting + items.length > this.#maxWaiting)
      throw new IdentityError(`The verifier is busy: ${this.#waiting} signatures wait already.`);
    if (items.length === 0) return [];
    return new Promise((resolve, reject) => {
      const answers = Array<boolean>(items.length).fill(false);
      this.#calls.push({ items, answers, next: 0, missing: items.length, resolve, reject });
      this.#waiting += items.length;
      this.#handOut();
    });
  }

  /** Ends the threads; calls that still wait are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    const ended = [...this.#threads].map(({ worker }) => worker.terminate());
    for (const call of new Set([...this.#calls, ...this.#inWork()]))
      this.#fail(call, 'The verifier is closed.');
    await Promise.all(ended);
  }

  /** Gives work to idle threads, and starts threads while there is work for them. */
  #handOut(): void {
    for (const thread of this.#threads) if (!thread.batch) this.#giveTo(thread);
    while (this.#calls.length > 0 && this.#threads.size < this.#size) this.#giveTo(this.#start());
  }

  #giveTo(thread: Thread): void {
    const call = this.#calls.shift();
    if (!call) return;
    const fairShare = Math.ceil(call.items.length / this.#size);
    const from = call.next;
    const batch = call.items.slice(from, from + Math.min(batchSize, fairShare));
    call.next += batch.length;
    this.#waiting -= batch.length;
    if (call.next < call.items.length) this.#calls.push(call);
    thread.worker.postMessage(batch.map(compact));
    thread.worker.ref();
    thread.batch = { call, from, count: batch.length };
  }

  #start(): Thread {
    const thread: Thread = {
      // Without the process's own flags, of which some (such as --input-type) are for its first file alone.
      worker: new Worker(new URL('./verifier-worker.ts', import.meta.url), { execArgv: [] }),
      batch: null,
    };
    this.#threads.add(thread);
    thread.worker.on('message', (answers: Uint8Array) => this.#take(thread, answers));
    thread.worker.on('error', (error) => this.#lose(thread, error.message));
    thread.worker.on('exit', () => this.#lose(thread, 'it ended'));
    return thread;
  }

  #take(thread: Thread, answers: Uint8Array): void {
    const { call, from, count } = thread.batch!;
    thread.batch = null;
    thread.worker.unref();
    for (let i = 0; i < count; i++) call.answers[from + i] = answers[i] === 1;
    call.missing -= count;
    if (call.missing === 0) call.resolve(call.answers);
    this.#handOut();
  }

  #lose(thread: Thread, reason: string): void {
    if (!this.#threads.delete(thread) || this.#closed) return;
    if (thread.batch) this.#fail(thread.batch.call, `A verifier thread failed: ${reason}.`);
    this.#handOut();
  }

  /** Drops what the call has left to hand out. Its batches in work end unheard. */
  #fail(call: Call, reason: string): void {
    if (this.#calls.includes(call)) {
      this.#calls = this.#calls.filter((other) => other !== call);
      this.#waiting -= call.items.length - call.next;
    }
    call.reject(new IdentityError(reason));
  }

  #inWork(): Call[] {
    return [...this.#threads].flatMap(({ batch }) => (batch ? [batch.call] : []));
  }
}

/** Bytes are copied out of the buffer they may be a part of: a message to a thread takes the whole buffer along. */
function compact({ data, signature, hotkey }: SignedItem): SignedItem {
  return { data: copy(data), signature: copy(signature), hotkey: copy(hotkey) };
}

function copy(value: Uint8Array | string): Uint8Array | string {
  return value instanceof Uint8Array ? Uint8Array.from(value) : value;
}
