import { setTimeout as sleep } from 'node:timers/promises';
import { connectionConfig, keptUnused, WatchedClient } from '@horde/database';
import { PostgresConnection, PostgresQueueBackend, Queue as BullQueue, Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { Schedules } from './schedules.ts';

/** How long the queues' store may take for an answer: a service that starts on a busy machine goes on within it. @unit ms */
const answerLimit = 15_000;
/** Workers without their store try again several times a second; it is reported so often. @unit ms */
const complaintPause = 10_000;
/** What is waited before a worker that could not ask its store asks again. @unit ms */
const askAgainPause = 250;
/**
 * How the store is worked on. It tells of new entries by itself and is asked for them once in `drainDelay` (seconds). An
 * entry whose worker could not tell the store of its end holds up its schedule until it counts as lost: after
 * `lockDuration` (ms) without a sign of its worker, which is looked for once in `stalledInterval` (ms).
 */
const working = { drainDelay: 30, lockDuration: 10_000, stalledInterval: 10_000, maxStalledCount: 1_000 };
/** So many entries of all queues are worked on at once. */
const maxAtOnce = 200;
/** Connections to Postgres for asking, beside the one that is told of new entries. */
const maxConnections = 2;
/** How long it may take to let its queues go. @unit ms */
const closeLimit = 1_000;

/** Where queues live: on Redis when an address is given, else in Postgres beside the service's tables. */
export interface QueueSettings {
  /** The service's name; queues of different services never meet. */
  service: string;
  databaseUrl: string;
  redisUrl: string | null;
}

interface StoreEvents {
  handle: (name: string, id: string) => Promise<void>;
  failed: (name: string, error: Error, id: string | null) => void;
}

/** The one queue of BullMQ that holds a service's entries: a job's name is its queue's. */
export class Store {
  private readonly queue: BullQueue;
  private readonly redis: Redis | null;
  private readonly postgres: PostgresConnection | null;
  private worker: Worker | null = null;
  private readonly schedules: Schedules;
  private complainedAt = -Infinity;
  private closing = false;

  constructor(
    private readonly settings: QueueSettings,
    private readonly events: StoreEvents,
  ) {
    this.redis = settings.redisUrl ? new Redis(settings.redisUrl, { maxRetriesPerRequest: null }) : null;
    this.redis?.on('error', () => undefined);
    this.postgres = this.redis ? null : connectPostgres(settings);
    this.queue = new BullQueue(
      settings.service,
      this.options(),
      this.postgres
        ? (((name: string, options: never) =>
            new PostgresQueueBackend(this.postgres!, name, options, false)) as never)
        : undefined,
    );
    this.queue.on('error', () => undefined);
    // A Redis that was lost may have come back without its schedules.
    this.redis?.on('ready', () => void this.schedules.again());
    this.schedules = new Schedules(this.queue, keyOf);
  }

  async add(name: string, id: string, delay: number): Promise<void> {
    // No entry stays behind after its work: the next ring for the same id must count.
    const options = { jobId: keyOf(name, id), delay, removeOnComplete: true, removeOnFail: true };
    await this.answered(this.queue.add(name, {}, options));
  }

  async schedule(name: string, id: string, interval: number): Promise<void> {
    // The worker as well: BullMQ crashes the process when Postgres is lost while it comes up.
    await this.answered(Promise.all([this.schedules.add(name, id, interval), this.worker?.waitUntilReady()]));
  }

  /** Begins to work on the entries of all queues. @param name of the queue that is told of the store's troubles */
  work(name: string): void {
    if (this.worker) return;
    const worker = (this.worker = new Worker(
      this.settings.service,
      (job: Job) => {
        this.schedules.rung(job.name, idOf(job));
        return this.events.handle(job.name, idOf(job));
      },
      { ...this.options(), ...working, concurrency: maxAtOnce },
      this.postgres
        ? (((queue: string, options: never) =>
            new PatientBackend(
              this.postgres!,
              queue,
              options,
              true,
              `${this.settings.service} (queue)`,
            )) as never)
        : undefined,
    ));
    worker.on('error', (error) => {
      if (this.closing || !this.mayComplain()) return;
      const { code, message } = error as NodeJS.ErrnoException;
      const sentence = `The queues cannot be worked on (${message || code}); it is tried again.`;
      this.events.failed(name, new Error(sentence, { cause: error }), null);
    });
    worker.on('failed', (job, error) => {
      if (job) this.events.failed(job.name, error, idOf(job));
    });
  }

  async close(): Promise<void> {
    this.closing = true;
    this.schedules.close();
    // The worker is not waited for: what it works on is stored, and goes on in the next process.
    const closed = Promise.resolve(this.worker?.close(true))
      .then(() => this.queue.close())
      .then(() => this.postgres?.close());
    await Promise.race([closed.catch(() => undefined), sleep(closeLimit, undefined, { ref: false })]);
    this.redis?.disconnect();
  }

  private async answered(work: Promise<unknown>): Promise<void> {
    const late = Promise.withResolvers<never>();
    const { redisUrl } = this.settings;
    const store = redisUrl ? `Redis of the queues (${placeOf(redisUrl)})` : 'database of the queues';
    const sentence = `The ${store} does not answer within ${answerLimit / 1000} s.`;
    const timer = setTimeout(() => late.reject(new Error(sentence)), answerLimit);
    await Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
  }

  private mayComplain(): boolean {
    const now = performance.now();
    if (now - this.complainedAt < complaintPause) return false;
    this.complainedAt = now;
    return true;
  }

  private options() {
    // On Postgres the backends bring their connection along.
    const connection = (this.redis ?? {}) as Redis;
    return { connection, prefix: `horde-${this.settings.service}` };
  }
}

/** An entry's key in the store, where all queues' entries lie together. */
const keyOf = (name: string, id: string): string => `${name}/${id}`;

const idOf = (job: Job): string => (job.repeatJobKey ?? job.id ?? '').slice(job.name.length + 1);

function connectPostgres({ service, databaseUrl: url }: QueueSettings): PostgresConnection {
  return new PostgresConnection({
    ...connectionConfig({ url, name: `${service} (queue)` }),
    Client: WatchedClient,
    schema: `${service}_queue`,
    migrate: true,
    max: maxConnections,
    idleTimeoutMillis: keptUnused,
  } as never);
}

/**
 * BullMQ's own, but that a worker is not told at once that asking for work has failed: it asks again without any pause,
 * and a lost connection, which fails before anything else can happen, would keep the process from all other work for ever.
 */
class PatientBackend extends PostgresQueueBackend {
  override async moveToActive(...asked: Parameters<PostgresQueueBackend['moveToActive']>) {
    try {
      return await super.moveToActive(...asked);
    } catch (error) {
      await sleep(askAgainPause, undefined, { ref: false });
      throw error;
    }
  }
}

/** Where a Redis is, without what may be secret in its URL. @param url or the path of a socket */
const placeOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : url);
