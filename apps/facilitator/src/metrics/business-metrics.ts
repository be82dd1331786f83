import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { LOGGER, measureOnce, tryToMeasure, type Logger } from '@horde/operations';
import type { Gauge } from 'prom-client';
import { MetricsRegistry } from './metrics-registry.ts';

/** How old the figures may be: the jobs of a day are many. @unit ms */
const freshness = 60_000;

/** Who uses the facilitator, and for what. Counted in the database: the same on every replica. */
@Injectable()
export class BusinessMetrics {
  private readonly users: Gauge<never>;
  private readonly active: Gauge<never>;
  private readonly jobs: Gauge<'executor_class' | 'status'>;

  constructor(
    private readonly database: Database,
    registry: MetricsRegistry,
    @Inject(LOGGER) logger: Logger,
  ) {
    const measure = measureOnce(() => tryToMeasure(logger, 'the database', () => this.count()), freshness);
    this.users = registry.gauge('facilitator_users', measure);
    this.active = registry.gauge('facilitator_active_users', measure);
    this.jobs = registry.gauge('facilitator_jobs_last_day', measure);
  }

  private async count(): Promise<void> {
    const { manager } = this.database;
    const [totals] = await manager.query<[{ users: number; active: number }]>(
      `select (select count(*)::int from hotkey_whitelist) as users,
         (select count(distinct hotkey)::int from job where created_at > now() - interval '1 day') as active`,
    );
    const jobs = await manager.query<{ executor_class: string; status: string; count: number }[]>(
      `select executor_class, status, count(*)::int as count
       from job where created_at > now() - interval '1 day' group by 1, 2`,
    );
    this.users.set(totals.users);
    this.active.set(totals.active);
    this.jobs.reset();
    for (const { executor_class, status, count } of jobs) this.jobs.set({ executor_class, status }, count);
  }
}
