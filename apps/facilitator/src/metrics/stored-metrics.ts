import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { LOGGER, measureOnce, tryToMeasure, type Logger } from '@horde/operations';
import type { Gauge } from 'prom-client';
import { MinerDirectory } from '../miners/miner-directory.ts';
import { MetricsRegistry } from './metrics-registry.ts';
import { Channels } from '../validators/channels.ts';

/** Miners say what they like: so many versions have a figure of their own. */
const shownVersions = 20;

/** Validators, miners and what is on its way to them. What is counted in the database is the same on every replica. */
@Injectable()
export class StoredMetrics {
  private readonly connected: Gauge<never>;
  private readonly undelivered: Gauge<never>;
  private readonly undeliveredOldest: Gauge<never>;
  private readonly miners: Gauge<'version'>;

  constructor(
    private readonly channels: Channels,
    private readonly minerDirectory: MinerDirectory,
    private readonly database: Database,
    registry: MetricsRegistry,
    @Inject(LOGGER) logger: Logger,
  ) {
    const measure = measureOnce(() => tryToMeasure(logger, 'the database', () => this.count()));
    this.connected = registry.gauge('facilitator_connected_validators', measure);
    this.undelivered = registry.gauge('facilitator_undelivered_jobs', measure);
    this.undeliveredOldest = registry.gauge('facilitator_undelivered_oldest_seconds', measure);
    this.miners = registry.gauge('facilitator_miners', measure);
  }

  private async count(): Promise<void> {
    this.connected.set(await this.channels.connectedValidators());
    const [{ count, oldest }] = await this.database.manager.query<[{ count: number; oldest: number }]>(
      `select count(*)::int as count,
         coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as oldest
       from outbox where type = 'V2JobRequest'`,
    );
    this.undelivered.set(count);
    this.undeliveredOldest.set(oldest);
    this.miners.reset();
    for (const [at, { version, count: miners }] of (await this.minerDirectory.countByVersion()).entries())
      this.miners.inc({ version: at < shownVersions ? version : 'other' }, miners);
  }
}
