import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Database } from '@horde/database';
import { LOGGER, LogThrottle, repeat, type Logger } from '@horde/operations';
import { isTerminal, type JobStatus } from '@horde/protocol';
import { detail } from '@horde/rest';
import type { Response } from 'express';
import { EventStream, type ReaderLogin, type StreamParts } from './event-stream.ts';
import { JobEvents } from './job-events.ts';
import { OutputStore } from '../output/output-store.ts';
import { JobNews } from './job-news.ts';
import { OpenStreams } from './open-streams.ts';
import type { Places } from './places.ts';
import type { EventKind } from './reading.ts';

/** How long a stream is silent at most. @unit ms */
const maxSilence = 15_000;
/** How often it is looked which of them have been silent for so long. @unit ms */
const silenceInterval = 1_000;
/** How often it is looked for events that were not rung for. @unit ms */
const sweepInterval = 30_000;
/** How often it is looked whether those who read may still do so. @unit ms */
const loginInterval = 20_000;
/** How often the other replicas get a sign of life. @unit ms */
const lifeInterval = 5_000;
/** So many jobs are looked at by one statement of the sweep. */
const batchSize = 1_000;

export interface NewStream {
  /** Whose stream it is: a hotkey, or an operator. So many may be open of each. */
  reader: string;
  login: ReaderLogin;
  /** The job's uuid as Postgres writes it. */
  job: string;
  status: JobStatus;
  /** How far the reader has come. */
  places: Places;
  response: Response;
}

/** The streams of events that are open at this replica. What is to be done while nothing happens is done for all at once. */
@Injectable()
export class EventStreams implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly byJob = new Map<string, Set<EventStream>>();
  private readonly parts: StreamParts;
  private readonly throttle = new LogThrottle();
  private endings: (() => void)[] = [];

  constructor(
    private readonly database: Database,
    private readonly news: JobNews,
    private readonly openStreams: OpenStreams,
    private readonly events: JobEvents,
    private readonly output: OutputStore,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.parts = { database, events, failed: this.failed('a stream of events was cut off') };
  }

  onApplicationBootstrap(): void {
    const sweepFailed = this.failed('new events could not be looked for');
    this.endings = [
      this.news.on((job) => {
        if (job === null) this.sweep().catch(sweepFailed);
        else this.wake(job, 'recorded');
      }),
      this.output.onStored((job) => {
        if (job === null) for (const one of this.byJob.keys()) this.wake(one, 'output');
        else this.wake(job, 'output');
      }),
      repeat(() => this.sweep(), sweepInterval, sweepFailed),
      repeat(() => this.checkLogins(), loginInterval, this.failed('open streams could not be checked')),
      repeat(() => this.giveSignOfLife(), lifeInterval, this.failed('open streams could not be counted')),
      repeat(async () => this.breakSilence(), silenceInterval, this.failed('silent streams')),
    ];
  }

  async beforeApplicationShutdown(): Promise<void> {
    for (const end of this.endings) end();
    for (const stream of this.all()) stream.leave();
    await this.openStreams.close();
  }

  /** @throws HordeError TOO_MANY_EVENT_STREAMS */
  async open({ reader, login, job, status, places, response }: NewStream): Promise<void> {
    await this.openStreams.enter(reader);
    if (response.closed) return this.openStreams.leave(reader);
    const stream = new EventStream(job, places, login, response, this.parts);
    if (isTerminal(status)) stream.ended = status;
    const ofJob = this.byJob.get(job) ?? new Set();
    this.byJob.set(job, ofJob.add(stream));
    response.once('close', () => {
      ofJob.delete(stream);
      if (ofJob.size === 0 && this.byJob.get(job) === ofJob) this.byJob.delete(job);
      this.openStreams.leave(reader);
    });
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no', // nginx would keep events back
    });
    response.flushHeaders();
    stream.wake('recorded', 'output');
  }

  private all(): EventStream[] {
    return [...this.byJob.values()].flatMap((ofJob) => [...ofJob]);
  }

  private wake(job: string, kind: EventKind): void {
    for (const stream of this.byJob.get(job) ?? []) stream.wake(kind);
  }

  private breakSilence(): void {
    const since = performance.now() - maxSilence;
    for (const ofJob of this.byJob.values())
      for (const stream of ofJob) if (stream.lastSent <= since) stream.comment();
  }

  /** A ring may be lost. */
  private async sweep(): Promise<void> {
    const jobs = [...this.byJob.keys()];
    for (let at = 0; at < jobs.length; at += batchSize) {
      const batch = jobs.slice(at, at + batchSize);
      const newest = await this.events.newest(batch);
      for (const job of batch) {
        const reached = newest.get(job);
        for (const stream of this.byJob.get(job) ?? []) {
          if (!reached) stream.refuse(detail(404, 'Not found.'));
          else if (!stream.hasReached(reached)) stream.wake('recorded', 'output');
        }
      }
    }
  }

  /** Ends the streams of those who may no longer read. */
  async checkLogins(): Promise<void> {
    const byLogin = Map.groupBy(this.all(), ({ login }) => login.key);
    for (const streams of byLogin.values()) {
      const refusal = await streams[0]!.login.refusal();
      if (refusal) for (const stream of streams) stream.refuse(refusal);
    }
  }

  private async giveSignOfLife(): Promise<void> {
    if (this.byJob.size > 0) await this.openStreams.giveSignOfLife();
  }

  private failed(what: string): (error: unknown) => void {
    return (error) => {
      if (this.throttle.allows(what)) this.logger.warn({ error }, what);
    };
  }
}
