import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { Keypair } from '@horde/identity';
import { LOGGER, measureOnce, tryToMeasure, type Logger } from '@horde/operations';
import type { Gauge } from 'prom-client';
import { MetricsRegistry } from './metrics-registry.ts';
import { ValidatorSettings } from '../settings.ts';

/** What of the validator is counted in the database, which is the same on every replica. */
@Injectable()
export class StoredMetrics {
  private readonly jobs: Gauge<'status'>;
  private readonly outbox: Gauge<never>;
  private readonly manifests: Gauge<'miner_hotkey' | 'executor_class'>;
  private readonly unsentEvents: Gauge<never>;
  private readonly updatesOldest: Gauge<never>;
  private readonly offering: Gauge<never>;
  private readonly blockAge: Gauge<never>;
  private readonly missed: Gauge<never>;

  constructor(
    private readonly database: Database,
    registry: MetricsRegistry,
    @Inject(LOGGER) logger: Logger,
    private readonly settings: ValidatorSettings,
    keypair: Keypair,
  ) {
    const measure = measureOnce(() => tryToMeasure(logger, 'the database', () => this.count()));
    this.jobs = registry.gauge('validator_jobs', measure);
    this.outbox = registry.gauge('validator_outbox_waiting', measure);
    this.manifests = registry.gauge('validator_miner_manifest_count', measure);
    this.unsentEvents = registry.gauge('validator_system_events_unsent', measure);
    const look = measureOnce(() => tryToMeasure(logger, 'the database', () => this.look()));
    this.updatesOldest = registry.gauge('validator_updates_oldest_seconds', look);
    this.offering = registry.gauge('validator_offering_miners', look);
    this.blockAge = registry.gauge('validator_newest_block_age_seconds', look);
    this.missed = registry.gauge('validator_cycles_missed', look);
    registry
      .gauge('validator_info')
      .set({ version: settings.version, hotkey: keypair.address, bittensor_network: settings.network }, 1);
  }

  private async count(): Promise<void> {
    const { manager } = this.database;
    const [jobs, manifests, [totals]] = await Promise.all([
      manager.query<{ status: string; count: number }[]>(
        // Of those that have ended an index has the status.
        `select status, count(*)::int as count from job where ended_at is not null group by status
         union all
         select status, count(*)::int from job where ended_at is null group by status`,
      ),
      manager.query<{ hotkey: string; executor_class: string; count: number }[]>(
        'select hotkey, executor_class, count from miner_manifest',
      ),
      manager.query<[{ outbox: number; events: number }]>(
        `select (select count(*)::int from outbox) as outbox,
           (select count(*)::int from system_event where sent_at is null) as events`,
      ),
    ]);
    this.jobs.reset();
    for (const { status, count } of jobs) this.jobs.inc({ status }, count);
    this.manifests.reset();
    for (const { hotkey: miner_hotkey, executor_class, count } of manifests)
      this.manifests.set({ miner_hotkey, executor_class }, count);
    this.outbox.set(totals.outbox);
    this.unsentEvents.set(totals.events);
  }

  /** What costs little, so that alerts may look at it each minute. */
  private async look(): Promise<void> {
    const [row] = await this.database.manager.query<
      [{ oldest: number; offering: number; block_age: number | null; missed: number }]
    >(
      `select (
           select coalesce(extract(epoch from now() - min(created_at)), 0)::float8 from outbox where peer = any ($1)
         ) as oldest,
         (select count(distinct hotkey)::int from miner_manifest where count > 0) as offering,
         (
           select extract(epoch from now() - at)::float8 from allowance_block order by number desc limit 1
         ) as block_age,
         (
           select count(*)::int from cycle_weights where state = 'missed' and cycle_start > coalesce(
             (select max(cycle_start) from cycle_weights where state in ('confirmed', 'nothing to send', 'taken over')), -1)
         ) as missed`,
      [this.settings.facilitatorUris],
    );
    this.updatesOldest.set(row.oldest);
    this.offering.set(row.offering);
    this.blockAge.remove();
    if (row.block_age !== null) this.blockAge.set(row.block_age);
    this.missed.set(row.missed);
  }
}
