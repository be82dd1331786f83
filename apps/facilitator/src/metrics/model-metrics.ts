import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { LOGGER, measureOnce, tryToMeasure, type Logger } from '@horde/operations';
import type { Counter, Gauge } from 'prom-client';
import { MetricsRegistry } from './metrics-registry.ts';

/** The tables that ComputeHorde counts, and what they are called there. */
const models: Record<string, string> = {
  job: 'job',
  job_status: 'job_status',
  machine_snapshot: 'executor_specs_snapshot',
  machine_gpu: 'gpu_specs',
};
type Change = 'inserts' | 'updates' | 'deletes';

/** What Postgres counts of the tables, under the names that ComputeHorde's web framework gives it. Of all replicas. */
@Injectable()
export class ModelMetrics {
  private readonly changes: Record<Change, Counter<'model'>>;
  private readonly applied: Gauge<'connection'>;
  private readonly unapplied: Gauge<'connection'>;

  constructor(
    private readonly database: Database,
    registry: MetricsRegistry,
    @Inject(LOGGER) logger: Logger,
  ) {
    const measure = measureOnce(() => tryToMeasure(logger, 'the database', () => this.measure()));
    this.changes = {
      inserts: registry.counter('django_model_inserts_total', measure),
      updates: registry.counter('django_model_updates_total', measure),
      deletes: registry.counter('django_model_deletes_total', measure),
    };
    this.applied = registry.gauge('django_migrations_applied_total', measure);
    this.unapplied = registry.gauge('django_migrations_unapplied_total', measure);
  }

  private async measure(): Promise<void> {
    const rows = await this.database.manager.query<({ name: string } & Record<Change, number>)[]>(
      `select relname as name, n_tup_ins::float8 as inserts, n_tup_upd::float8 as updates,
         n_tup_del::float8 as deletes
       from pg_stat_user_tables where schemaname = current_schema() and relname = any ($1)`,
      [Object.keys(models)],
    );
    for (const [change, metric] of Object.entries(this.changes) as [Change, Counter<'model'>][]) {
      metric.reset();
      for (const row of rows) metric.inc({ model: models[row.name]! }, row[change]);
    }
    // They are done before the service starts.
    this.applied.set({ connection: 'default' }, this.database.dataSource.migrations.length);
    this.unapplied.set({ connection: 'default' }, 0);
  }
}
