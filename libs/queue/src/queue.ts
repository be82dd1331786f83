import { setTimeout as sleep } from 'node:timers/promises';
import {
  createPostgresBackend,
  type PostgresQueueBackend,
  Queue as BullQueue,
  Worker,
  type Job,
} from 'bullmq';
import { Redis } from 'ioredis';

/** How long the queues' store may take for a ring: whoever rings must not wait for a Redis to come back. @unit ms */
const ringLimit = 2_000;
/** How long it may take for a schedule, which may be the first that it is asked for. @unit ms */
const scheduleLimit = 15_000;
/** Workers without their store try again several times a second; the process is told of it so often. @unit ms */
const complaintPause = 10_000;
/** What is waited before a worker that could not ask its store asks again. @unit ms */
const askAgainPause = 250;
/**
 * An entry whose worker could not tell the store of its end holds up its schedule until it counts as lost: after so long
 * without a sign of its worker, which is looked for so often. @unit ms
 */
const lostEntry = { lockDuration: 10_000, stalledInterval: 3_000 };
/** How long it may take to let its queues go. @unit ms */
const closeLimit = 1_000;

/** Where queues live: on Redis when an address is given, else in Postgres beside the service's tables. */
export interface QueueSettings {
  /** The service's name; queues of different services never meet. */
  service: string;
  databaseUrl: string;
  redisUrl: string | null;
}

export interface WorkerOptions {
  /** How many entries are worked on at once. @default 1 */
  concurrency?: number;
  /** An entry's handler failed; or, with null for an id, the store: one queue of the process tells that, once in ten seconds. */
  onError: (error: Error, id: string | null) => void;
}

/**
 * A queue that wakes workers up. It is a doorbell, not the truth: an entry carries an id and nothing else, may ring
 * twice, and may be lost with its store; whoever rings has stored the work first, and sweeps it from there.
 */
export interface Queue {
  /**
   * Rings for an id. While an entry of that id waits or is being worked on, further rings change nothing.
   *
   * @param delay ms
   * @throws Error when the store has not taken it within two seconds; it may still do so later
   */
  ring(id: string, delay?: number): Promise<void>;
  /** Calls `handle` for every ring, on one worker at a time. */
  work(handle: (id: string) => Promise<void>, options: WorkerOptions): void;
  /** Rings for an id again and again; resolves when it does, and the workers are ready. @param interval ms @throws Error when the store does not answer */
  every(id: string, interval: number): Promise<void>;
  close(): Promise<void>;
}

export class Queues {
  private readonly opened: Queue[] = [];
  private complainedAt = -Infinity;

  constructor(private readonly settings: QueueSettings) {}

  open(name: string): Queue {
    const queue = new BullMqQueue(name, this.settings, () => this.mayComplain());
    this.opened.push(queue);
    return queue;
  }

  async close(): Promise<void> {
    await Promise.all(this.opened.map((queue) => queue.close()));
  }

  /** All queues have one store: what one of them says of it the others need not say again. */
  private mayComplain(): boolean {
    const now = performance.now();
    if (now - this.complainedAt < complaintPause) return false;
    this.complainedAt = now;
    return true;
  }
}

class BullMqQueue implements Queue {
  private readonly queue: BullQueue;
  private readonly workers: Worker[] = [];
  private readonly connections: Redis[] = [];
  /** Id -> interval. */
  private readonly schedules = new Map<string, number>();
  private closing = false;

  constructor(
    private readonly name: string,
    private readonly settings: QueueSettings,
    private readonly mayComplain: () => boolean,
  ) {
    this.queue = settings.redisUrl
      ? new BullQueue(name, this.redisOptions(settings.redisUrl))
      : new BullQueue(name, this.postgresOptions(), createPostgresBackend as never);
    this.queue.on('error', () => undefined);
    // A Redis that was lost may have come back without its schedules.
    this.connections[0]?.on('ready', () => void this.scheduleAgain());
  }

  async ring(id: string, delay = 0): Promise<void> {
    // No entry stays behind after its work: the next ring for the same id must be heard.
    await this.answered(
      this.queue.add('ring', {}, { jobId: `id-${id}`, delay, removeOnComplete: true, removeOnFail: true }),
    );
  }

  work(handle: (id: string) => Promise<void>, options: WorkerOptions): void {
    const run = (job: Job) => handle(job.repeatJobKey ?? (job.id ?? '').slice('id-'.length));
    const common = { concurrency: options.concurrency ?? 1, maxStalledCount: 1_000, ...lostEntry };
    const worker = this.settings.redisUrl
      ? new Worker(this.name, run, { ...this.redisOptions(this.settings.redisUrl), ...common })
      : new Worker(this.name, run, { ...this.postgresOptions(), ...common }, patientBackend as never);
    worker.on('error', (error) => {
      if (this.closing || !this.mayComplain()) return;
      const { code, message } = error as NodeJS.ErrnoException;
      const sentence = `The queue ${this.name} cannot be worked on (${message || code}); it is tried again.`;
      options.onError(new Error(sentence, { cause: error }), null);
    });
    worker.on('failed', (job, error) => options.onError(error, job?.id ?? null));
    this.workers.push(worker);
  }

  async every(id: string, interval: number): Promise<void> {
    this.schedules.set(id, interval);
    // The workers as well: BullMQ crashes the process when Postgres is lost while they come up.
    const ready = this.workers.map((worker) => worker.waitUntilReady());
    await this.answered(Promise.all([this.schedule(id, interval), ...ready]), scheduleLimit);
  }

  async close(): Promise<void> {
    this.closing = true;
    // Workers are not waited for: what they work on is stored, and goes on in the next process.
    const closed = Promise.all(this.workers.map((worker) => worker.close(true))).then(() =>
      this.queue.close(),
    );
    await Promise.race([closed.catch(() => undefined), sleep(closeLimit, undefined, { ref: false })]);
    for (const connection of this.connections) connection.disconnect();
  }

  /** @param limit ms */
  private async answered(work: Promise<unknown>, limit = ringLimit): Promise<void> {
    const late = Promise.withResolvers<never>();
    const { redisUrl } = this.settings;
    const store = redisUrl ? `Redis of the queues (${placeOf(redisUrl)})` : 'database of the queues';
    const sentence = `The ${store} does not answer within ${limit / 1000} s.`;
    const timer = setTimeout(() => late.reject(new Error(sentence)), limit);
    await Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
  }

  private async schedule(id: string, interval: number): Promise<void> {
    await this.queue.upsertJobScheduler(
      id,
      { every: interval },
      { name: 'ring', opts: { removeOnComplete: true, removeOnFail: true } },
    );
  }

  private async scheduleAgain(): Promise<void> {
    for (const [id, interval] of this.schedules) {
      await this.schedule(id, interval).catch(() => undefined); // lost once more: there is another `ready`
    }
  }

  private postgresOptions() {
    return {
      connection: {
        connectionString: this.settings.databaseUrl,
        schema: `${this.settings.service}_queue`,
        migrate: true,
        max: 4,
      },
    };
  }

  private redisOptions(url: string) {
    const connection = new Redis(url, { maxRetriesPerRequest: null });
    connection.on('error', () => undefined);
    this.connections.push(connection);
    return { connection, prefix: `horde-${this.settings.service}` };
  }
}

/**
 * BullMQ's own, but that a worker is not told at once that asking for work has failed: it asks again without any pause,
 * and a lost connection, which fails before anything else can happen, would keep the process from all other work for ever.
 */
function patientBackend(...parameters: Parameters<typeof createPostgresBackend>): PostgresQueueBackend {
  const backend = createPostgresBackend(...parameters);
  const ask = backend.moveToActive.bind(backend);
  backend.moveToActive = async (...asked) => {
    try {
      return await ask(...asked);
    } catch (error) {
      await sleep(askAgainPause, undefined, { ref: false });
      throw error;
    }
  };
  return backend;
}

/** Where a Redis is, without what may be secret in its URL. @param url or the path of a socket */
const placeOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : url);
