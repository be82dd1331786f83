import path from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { Health, LOGGER, measureOnce, tryToMeasure, type Logger } from '@horde/operations';
import { clockInWords, peerClocks } from '@horde/network';
import type { Gauge } from 'prom-client';
import { commonMetrics } from './common-rows.ts';
import { databaseDisk, freePart } from './database-disk.ts';
import { LastDone } from './last-done.ts';
import { readRunnerNote } from './runner-note.ts';
import { ServiceMetrics } from './service-metrics.ts';

/** What is asked of parts that may take their time. @unit ms */
const slowly = { health: 5_000, size: 300_000 };
/** Fewer jobs say nothing about the rest. */
const fewestJobs = 10;

/** What differs from service to service of what all of them measure. */
export class MetricsOptions {
  /** Its name. */
  service!: string;
  /** Folders whose disks may fill, by what is told of them. */
  folders!: Record<string, string>;
  /** How large the database may get, where the operator says so. @unit bytes */
  databaseRoom?: number;
  /** Where its runner notes what an operator should look at, where it has one. */
  runnerNote?: string;
  /** What its clock may be away from those of its peers: they, or it, refuse signatures from there on. @unit seconds */
  clockTolerance!: number;
  /** Jobs that ended within an hour: SQL, of `status` and `count`. */
  endedJobs!: string;
  /** Those of the statuses that an operator has to answer for: not the job itself failed. */
  letDown!: readonly string[];
  /** Since when the job waits for a miner that has waited longest: SQL of one value. */
  oldestWait!: string;
}

type CommonGauge = Gauge<'service' | 'work' | 'folder' | 'peers'>;

/** Measures what every service tells under the same names. */
@Injectable()
export class CommonMetrics {
  constructor(
    metrics: ServiceMetrics<typeof commonMetrics>,
    private readonly options: MetricsOptions,
    private readonly database: Database,
    health: Health,
    lastDone: LastDone,
    @Inject(LOGGER) logger: Logger,
  ) {
    const { service } = options;
    const gaugeOf = (
      name: keyof typeof commonMetrics,
      whom: string,
      measure: (gauge: CommonGauge) => Promise<void>,
      freshness?: number,
    ) => {
      const gauge: CommonGauge = metrics.gauge(
        name,
        measureOnce(() => tryToMeasure(logger, whom, () => measure(gauge)), freshness),
      );
    };
    health.tell('clock', async () => this.comparedClock());
    const { runnerNote } = options;
    if (runnerNote !== undefined) health.tell('runner', () => readRunnerNote(runnerNote));
    const look = measureOnce(
      () =>
        tryToMeasure(logger, 'the service itself', async () => {
          const report = await health.report();
          ready.set({ service }, report.ready ? 1 : 0);
          for (const [check, isAsked] of Object.entries(report.attention))
            attention.set({ service, check }, isAsked ? 1 : 0);
        }),
      slowly.health,
    );
    const ready = metrics.gauge('horde_ready', look);
    const attention = metrics.gauge('horde_attention', look);
    gaugeOf('horde_last_done_seconds', 'the database', async (gauge) => {
      const ages = await lastDone.ages();
      gauge.reset();
      for (const [work, age] of Object.entries(ages)) gauge.set({ service, work }, age);
    });
    gaugeOf('horde_disk_free_ratio', 'the disks', async (gauge) => {
      for (const [folder, place] of Object.entries(options.folders))
        gauge.set({ service, folder }, await freeAround(place));
      gauge.remove({ service, folder: 'database' });
      const free = await this.databaseFree();
      if (free !== null) gauge.set({ service, folder: 'database' }, free);
    });
    gaugeOf(
      'horde_database_bytes',
      'the database',
      async (gauge) => gauge.set({ service }, await this.databaseBytes()),
      slowly.size,
    );
    gaugeOf('horde_clock_ahead_seconds', 'the database', async (gauge) =>
      gauge.set({ service }, await this.clockAhead()),
    );
    gaugeOf('horde_clock_ahead_of_peers_seconds', 'the peers', async (gauge) => {
      const verdict = peerClocks.verdict();
      gauge.reset();
      // Those heard first: who else agrees changes from minute to minute, and each set of labels is a series of its own.
      const peers = verdict && verdict.ahead !== 0 ? verdict.peers.slice(0, 2).join(' and ') : '';
      if (verdict) gauge.set({ service, peers }, verdict.ahead / 1_000);
    });
    gaugeOf('horde_waiting_oldest_seconds', 'the database', async (gauge) =>
      gauge.set(
        { service },
        await this.one(`coalesce(extract(epoch from now() - (${options.oldestWait})), 0)::float8`),
      ),
    );
    this.countJobs(metrics, logger);
  }

  private countJobs(metrics: ServiceMetrics<typeof commonMetrics>, logger: Logger): void {
    const { service, letDown } = this.options;
    const count = measureOnce(() =>
      tryToMeasure(logger, 'the database', async () => {
        const rows = await this.database.manager.query<{ status: string; count: number }[]>(
          this.options.endedJobs,
        );
        const sum = (some: typeof rows) => some.reduce((total, row) => total + row.count, 0);
        jobs.reset();
        for (const row of rows) jobs.set({ service, status: row.status }, row.count);
        ratio.reset();
        if (sum(rows) >= fewestJobs)
          ratio.set({ service }, sum(rows.filter(({ status }) => letDown.includes(status))) / sum(rows));
      }),
    );
    const jobs = metrics.gauge('horde_jobs_last_hour', count);
    const ratio = metrics.gauge('horde_jobs_let_down_ratio', count);
  }

  /** The free part of what the database may take; null: nobody knows. */
  private async databaseFree(): Promise<number | null> {
    const { databaseRoom } = this.options;
    if (databaseRoom === undefined) return databaseDisk(this.database.manager).catch(() => null);
    return this.databaseBytes().then(
      (bytes) => Math.max(0, 1 - bytes / databaseRoom),
      () => null,
    );
  }

  private databaseBytes(): Promise<number> {
    return this.one('pg_database_size(current_database())::float8');
  }

  /** The answer's way back is taken for as long as the question's. @unit seconds */
  private async clockAhead(): Promise<number> {
    const asked = Date.now();
    const then = await this.one('extract(epoch from clock_timestamp())::float8');
    return (asked + Date.now()) / 2_000 - then;
  }

  /** @throws Error where signatures are refused for it */
  private comparedClock(): string {
    const verdict = peerClocks.verdict();
    if (!verdict || verdict.ahead === 0) return 'ok';
    const says = `This machine's clock is ${clockInWords(verdict.ahead, verdict.peers)}.`;
    if (Math.abs(verdict.ahead) > this.options.clockTolerance * 1_000) throw new Error(says);
    return says;
  }

  private async one(sql: string): Promise<number> {
    const [row] = await this.database.manager.query<{ value: number }[]>(`select ${sql} as value`);
    return row!.value;
  }
}

/** Of the disk with the nearest folder that is there. */
async function freeAround(folder: string): Promise<number> {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    try {
      return await freePart(at);
    } catch (error) {
      if (at === path.dirname(at)) throw error;
    }
  }
}
