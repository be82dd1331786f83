import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { ExecutorManager } from '@horde/executor-manager';
import { Keypair } from '@horde/identity';
import { LOGGER, measureOnce, tryToMeasure, type Logger } from '@horde/operations';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { EXECUTOR_MANAGER } from '../tokens.ts';
import { ReceiptCounts } from '../receipts/receipt-counts.ts';
import { MinerSettings } from '../settings.ts';
import { Sockets } from './sockets.ts';

/** What the miner tells Prometheus. What is counted in the database is the same on every replica. */
@Injectable()
export class Metrics {
  private readonly technical = new Registry();
  private readonly business = new Registry();
  private readonly measure = measureOnce(() => this.measureAll());

  private readonly jobs = this.gauge('jobs', 'Jobs of the last two days, by status.', ['status']);
  private readonly slots = this.gauge('slots', 'Executors that can run at the same time, by class.', [
    'executor_class',
  ]);
  private readonly taken = this.gauge('slots_taken', 'Executors that are started or running, by class.', [
    'executor_class',
  ]);
  private readonly waiting = this.gauge(
    'outbox_waiting',
    'Messages that validators have not settled yet.',
    [],
  );
  private readonly connections = this.gauge('connections', 'Websockets to this process, by peer.', ['peer']);
  private readonly ended = this.gauge(
    'jobs_ended_last_day',
    'Jobs that ended within a day, by class and status.',
    ['executor_class', 'status'],
    this.business,
  );
  private readonly worked = this.gauge(
    'job_seconds_last_day',
    'From acceptance to completion of the jobs completed within a day, in seconds, by class.',
    ['executor_class'],
    this.business,
  );
  private readonly validators = this.gauge(
    'validators_active',
    'Validators that may send jobs.',
    [],
    this.business,
  );

  constructor(
    private readonly database: Database,
    private readonly sockets: Sockets,
    @Inject(EXECUTOR_MANAGER) private readonly manager: ExecutorManager,
    @Inject(LOGGER) private readonly logger: Logger,
    counts: ReceiptCounts,
    settings: MinerSettings,
    keypair: Keypair,
  ) {
    collectDefaultMetrics({ register: this.technical });
    this.technical.registerMetric(counts.stored);
    this.technical.registerMetric(counts.refused);
    this.gauge('info', 'The miner: its version, its hotkey, its network.', [
      'version',
      'hotkey',
      'bittensor_network',
    ]).set({ version: settings.version, hotkey: keypair.address, bittensor_network: settings.network }, 1);
  }

  /** In Prometheus' text format. */
  async technicalText(): Promise<string> {
    await this.measure();
    for (const [peer, count] of Object.entries(this.sockets.connections))
      this.connections.set({ peer }, count);
    return this.technical.metrics();
  }

  /** In Prometheus' text format. */
  async businessText(): Promise<string> {
    await this.measure();
    return this.business.metrics();
  }

  private async measureAll(): Promise<void> {
    await Promise.all([
      tryToMeasure(this.logger, 'the database', () => this.count()),
      tryToMeasure(this.logger, 'the executor manager', () => this.offer()),
    ]);
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
  }

  private gauge<L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    registry = this.technical,
  ): Gauge<L> {
    return new Gauge({ name: `miner_${name}`, help, labelNames, registers: [registry] });
  }
}
