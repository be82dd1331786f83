import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { LOGGER, measureOnce, tryToMeasure, type Logger } from '@horde/operations';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { Channels } from '../validators/channels.ts';

/** What the facilitator tells Prometheus. What is counted in the database is the same on every replica. */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();
  private readonly measure = measureOnce(() => tryToMeasure(this.logger, 'the database', () => this.count()));
  private readonly connected = this.gauge(
    'connected_validators',
    'Validators that are connected to any replica.',
  );
  private readonly undelivered = this.gauge(
    'undelivered_jobs',
    'Jobs that their validators have not confirmed yet.',
  );

  constructor(
    private readonly channels: Channels,
    private readonly database: Database,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    collectDefaultMetrics({ register: this.registry });
  }

  /** In Prometheus' text format. */
  async text(): Promise<string> {
    await this.measure();
    return this.registry.metrics();
  }

  private async count(): Promise<void> {
    this.connected.set(await this.channels.connectedValidators());
    const [{ count }] = await this.database.manager.query<[{ count: number }]>(
      'select count(*)::int as count from outbox',
    );
    this.undelivered.set(count);
  }

  private gauge(name: string, help: string): Gauge {
    return new Gauge({ name: `facilitator_${name}`, help, registers: [this.registry] });
  }
}
