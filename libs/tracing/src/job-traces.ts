import { randomUUID } from 'node:crypto';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Database } from '@horde/database';
import { LogThrottle, repeat, type Logger } from '@horde/operations';
import type { QueryRunner } from 'typeorm';
import { isTraced, openCollector, type Collector } from './collector.ts';
import type { Span } from './span.ts';

/** How often ended jobs are looked for. @unit ms */
const interval = 1_000;
/** How many are told at once. */
const batch = 100;

/** A job that has ended. */
export interface EndedJob {
  uuid: string;
  /** Where it stands among those that have ended. */
  position: string;
}

/** The jobs of a service that have ended, as its tables tell of them. */
export interface EndedJobs {
  /**
   * Those that ended after `position`, in order: none from within the last two seconds, in which earlier ones may still be
   * committed, and none from more than an hour ago, which nobody waits for.
   *
   * @param most how many
   */
  after(database: Database, position: string, most: number): Promise<EndedJob[]>;
  /** What there is to tell of these jobs. */
  spans(database: Database, uuids: string[]): Promise<Span[]>;
}

/**
 * For a migration: how far this service's jobs were told.
 *
 * @param position in SQL: where the last job stands that has ended before
 */
export async function createTraceCursor(runner: QueryRunner, position: string): Promise<void> {
  await runner.query(`
    create table trace_cursor (
      "only" boolean primary key default true check ("only"),
      position text not null,
      -- The process that tells the next jobs, and until when it is believed to do so.
      holder uuid,
      held_until timestamptz
    )`);
  await runner.query(`insert into trace_cursor (position) select ${position}`);
}

export const dropTraceCursor = async (runner: QueryRunner): Promise<void> =>
  void (await runner.query('drop table trace_cursor'));

/**
 * Tells an OpenTelemetry collector of each job that has ended, from what the database has of it: across restarts, by one of
 * the service's processes, and again until the collector has it. Without a collector in the environment it does nothing.
 */
export class JobTraces implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly holder = randomUUID();
  private readonly refused = new LogThrottle();
  private stop: () => void = () => undefined;

  constructor(
    private readonly service: string,
    private readonly jobs: EndedJobs,
    private readonly database: Database,
    private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!isTraced(process.env)) return;
    const collector = await openCollector(this.service);
    this.stop = repeat(
      () => this.tell(collector),
      interval,
      (error) => {
        if (!this.refused.allows('')) return;
        this.logger.warn({ error }, 'the traces of ended jobs could not be handed to the collector yet');
      },
    );
  }

  onApplicationShutdown(): void {
    this.stop();
  }

  private async tell(collector: Collector): Promise<void> {
    for (let found = batch; found === batch;) found = await this.tellSome(collector);
  }

  /** @returns how many jobs were told */
  private async tellSome(collector: Collector): Promise<number> {
    const { manager } = this.database;
    const [{ position }] = await manager.query<[{ position: string }]>('select position from trace_cursor');
    const ended = await this.jobs.after(this.database, position, batch);
    if (ended.length === 0 || !(await this.claim(position))) return 0;
    const uuids = ended.map(({ uuid }) => uuid);
    await collector.take(await this.jobs.spans(this.database, uuids));
    await manager.query('update trace_cursor set position = $1, held_until = null where holder = $2', [
      ended.at(-1)!.position,
      this.holder,
    ]);
    return ended.length;
  }

  /** @returns whether nobody else tells the jobs after this position */
  private async claim(position: string): Promise<boolean> {
    const [rows] = await this.database.manager.query<[unknown[], number]>(
      `update trace_cursor set holder = $1, held_until = now() + interval '30 seconds'
       where position = $2 and (holder = $1 or held_until is null or held_until < now()) returning 1`,
      [this.holder, position],
    );
    return rows.length > 0;
  }
}
