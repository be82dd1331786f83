import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { ExecutorManager } from '@horde/executor-manager';
import { Keypair } from '@horde/identity';
import { LOGGER, measureOnce, tryToMeasure, type Logger } from '@horde/operations';
import type { Gauge } from 'prom-client';
import { EXECUTOR_MANAGER } from '../tokens.ts';
import { executorPlaces } from '../doctor/servers.ts';
import { MinerSettings } from '../settings.ts';
import { MetricsRegistry } from '../metrics/metrics-registry.ts';
import { Sockets } from './sockets.ts';

/** What of the miner is counted when somebody asks: in the database, of its sockets, by its executor manager. */
@Injectable()
export class StoredMetrics {
  private readonly jobs: Gauge<'status'>;
  private readonly slots: Gauge<'executor_class'>;
  private readonly offered: Gauge<never>;
  private readonly missing: Gauge<never>;
  private readonly away: Gauge<'host'>;
  private readonly hostDisk: Gauge<'host'>;
  private readonly taken: Gauge<'executor_class'>;
  private readonly waiting: Gauge<never>;
  private readonly ended: Gauge<'executor_class' | 'status'>;
  private readonly worked: Gauge<'executor_class'>;
  private readonly validators: Gauge<never>;

  constructor(
    private readonly database: Database,
    sockets: Sockets,
    @Inject(EXECUTOR_MANAGER) private readonly manager: ExecutorManager,
    @Inject(LOGGER) logger: Logger,
    registry: MetricsRegistry,
    private readonly settings: MinerSettings,
    keypair: Keypair,
  ) {
    const count = measureOnce(() => tryToMeasure(logger, 'the database', () => this.count()));
    this.jobs = registry.gauge('miner_jobs', count);
    this.taken = registry.gauge('miner_slots_taken', count);
    this.waiting = registry.gauge('miner_outbox_waiting', count);
    this.ended = registry.gauge('miner_jobs_ended_last_day', count);
    this.worked = registry.gauge('miner_job_seconds_last_day', count);
    this.validators = registry.gauge('miner_validators_active', count);
    const offer = measureOnce(() => tryToMeasure(logger, 'the executor manager', () => this.offer()));
    this.slots = registry.gauge('miner_slots', offer);
    this.offered = registry.gauge('miner_executors_offered', offer);
    this.missing = registry.gauge('miner_executors_missing', offer);
    this.away = registry.gauge('miner_host_out_of_reach', offer);
    this.hostDisk = registry.gauge('miner_host_disk_free_ratio', offer);
    const connections = registry.gauge('miner_connections', () => {
      for (const [peer, open] of Object.entries(sockets.connections)) connections.set({ peer }, open);
    });
    registry
      .gauge('miner_info')
      .set({ version: settings.version, hotkey: keypair.address, bittensor_network: settings.network }, 1);
  }

  private async count(): Promise<void> {
    const { manager } = this.database;
    type Row = Record<'status' | 'executor_class', string> & {
      count: number;
      ended: number;
      seconds: number;
    };
    // The jobs of two days are read once for all that is counted of them; of those that have ended an index has it all.
    const [jobs, taken, totals] = await Promise.all([
      manager.query<Row[]>(
        `select status, executor_class, count(*)::int as count,
           count(*) filter (where ended_at > now() - interval '1 day')::int as ended,
           coalesce(extract(epoch from sum(ended_at - accepted_at)
             filter (where ended_at > now() - interval '1 day')), 0)::float8 as seconds
         from job where ended_at is not null group by status, executor_class
         union all
         select status, executor_class, count(*)::int, 0, 0 from job where ended_at is null
         group by status, executor_class`,
      ),
      manager.query<Row[]>(
        'select executor_class, count(*)::int as count from job where slot_held group by executor_class',
      ),
      manager.query<[{ waiting: number; validators: number }]>(
        `select (select count(*)::int from outbox) as waiting,
           (select count(*)::int from validator where active and not blacklisted) as validators`,
      ),
    ]);
    for (const gauge of [this.jobs, this.taken, this.ended, this.worked]) gauge.reset();
    for (const { executor_class, count } of taken) this.taken.set({ executor_class }, count);
    for (const { executor_class, status, count, ended, seconds } of jobs) {
      this.jobs.inc({ status }, count);
      if (ended === 0) continue;
      this.ended.set({ executor_class, status }, ended);
      if (status === 'completed') this.worked.set({ executor_class }, seconds);
    }
    this.waiting.set(totals[0].waiting);
    this.validators.set(totals[0].validators);
  }

  private async offer(): Promise<void> {
    const manifest = await this.manager.manifest();
    this.slots.reset();
    for (const [executor_class, count] of Object.entries(manifest)) this.slots.set({ executor_class }, count);
    const offered = Object.values(manifest).reduce((sum, count) => sum + count, 0);
    this.offered.set(offered);
    const hosts = (await this.manager.hosts?.()) ?? [];
    this.away.reset();
    this.hostDisk.reset();
    for (const { name: host, trouble, diskFree = null } of hosts) {
      this.away.set({ host }, trouble === null ? 0 : 1);
      if (diskFree !== null) this.hostDisk.set({ host }, diskFree);
    }
    const { wanted } = await executorPlaces(this.settings);
    this.missing.remove();
    if (wanted.size > 0)
      this.missing.set(Math.max(0, [...wanted.values()].reduce((a, b) => a + b) - offered));
  }
}
