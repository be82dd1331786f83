import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { Keypair } from '@horde/identity';
import { LOGGER, measureOnce, tryToMeasure, type Logger } from '@horde/operations';
import { Gauge } from 'prom-client';
import { MetricsRegistry } from '../metrics/metrics-registry.ts';
import { ValidatorSettings } from '../settings.ts';

/** What of the validator is counted in the database, which is the same on every replica; and all that its rooms count. */
@Injectable()
export class Metrics {
  private readonly measure = measureOnce(() => tryToMeasure(this.logger, 'the database', () => this.count()));
  private readonly jobs: Gauge;
  private readonly outbox: Gauge;
  private readonly manifests: Gauge;
  private readonly unsentEvents: Gauge;

  constructor(
    private readonly database: Database,
    private readonly registry: MetricsRegistry,
    @Inject(LOGGER) private readonly logger: Logger,
    settings: ValidatorSettings,
    keypair: Keypair,
  ) {
    this.jobs = this.gauge('jobs', 'Jobs of the last two days, by status.', ['status']);
    this.outbox = this.gauge('outbox_waiting', 'Messages that peers have not confirmed yet.');
    this.manifests = this.gauge('miner_manifest_count', 'Executors that a miner offers, by class.', [
      'miner_hotkey',
      'executor_class',
    ]);
    this.unsentEvents = this.gauge(
      'system_events_unsent',
      'Events that the collector of statistics has not taken yet.',
    );
    this.gauge('info', 'The validator: its version, its hotkey, its network.', [
      'version',
      'hotkey',
      'bittensor_network',
    ]).set({ version: settings.version, hotkey: keypair.address, bittensor_network: settings.network }, 1);
  }

  /** In Prometheus' text format. */
  async text(): Promise<string> {
    await this.measure();
    return this.registry.metrics();
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

  private gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({ name: `validator_${name}`, help, labelNames, registers: [this.registry] });
  }
}
