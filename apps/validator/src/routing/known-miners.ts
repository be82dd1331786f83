import { Inject, Injectable } from '@nestjs/common';
import { Database, PreparedStatement } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';
import type { ExecutorClass } from '@horde/protocol';
import type { EntityManager } from 'typeorm';
import { Capacity } from '../capacity/capacity.ts';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import type { MinerAddress } from '../miner/miner-client.ts';

/** A miner that offers executors of a class, and what is known of it. */
export interface KnownMiner extends MinerAddress {
  offered: number;
  /** Executors that are busy with this validator's jobs. */
  own: number;
  /** Executors that are busy with others' jobs, as far as their receipts tell. */
  elsewhere: number;
  blacklisted: boolean;
  /** That count now. */
  incidents: number;
}

/** What is looked at again of a miner before it gets a job. */
type LookedAt = Pick<KnownMiner, 'ip' | 'port' | 'offered' | 'own' | 'incidents' | 'blacklisted'>;

/** What is known for longer is read again, beside the choices that are made with it. @unit ms */
const freshFor = 1_000;
/** What is known for longer is not used any more. @unit ms */
const usedFor = 5_000;

const all = new PreparedStatement<Omit<KnownMiner, 'elsewhere'>>(`
  select miner.hotkey, ip, port, offer.count as offered, coalesce(own.count, 0)::int as own,
         coalesce(incident.count, 0)::int as incidents, entry.hotkey is not null as blacklisted
  from miner
  join miner_offer offer on offer.hotkey = miner.hotkey and offer.executor_class = $1
  left join (
    select miner_hotkey as hotkey, count(*) from attempt join job on job.uuid = job_uuid
    where attempt.ended_at is null and executor_class = $1 group by miner_hotkey
  ) own on own.hotkey = miner.hotkey
  left join (
    select hotkey, count(*) from miner_incident
    where executor_class = $1 and at > now() - make_interval(secs => 3600 * $2::float8) group by hotkey
  ) incident on incident.hotkey = miner.hotkey
  left join (
    select distinct hotkey from blacklisted_miner where expires_at is null or expires_at > now()
  ) entry on entry.hotkey = miner.hotkey
  where ip is not null`);

const one = new PreparedStatement<LookedAt>(`
  select ip, port,
         coalesce((select count from miner_offer where hotkey = $2 and executor_class = $1), 0) as offered,
         (select count(*)::int from attempt join job on job.uuid = job_uuid
          where attempt.ended_at is null and executor_class = $1 and miner_hotkey = $2) as own,
         (select count(*)::int from miner_incident
          where executor_class = $1 and hotkey = $2 and at > now() - make_interval(secs => 3600 * $3::float8)) as incidents,
         exists (select from blacklisted_miner
                 where hotkey = $2 and (expires_at is null or expires_at > now())) as blacklisted
  from miner where hotkey = $2 and ip is not null`);

/**
 * The miners that offer a class: as they are stored now, or as they were a moment ago. With the latter a choice begins;
 * whoever is chosen is looked at again before it gets the job.
 */
@Injectable()
export class KnownMiners {
  private readonly classes = new Map<ExecutorClass, { miners: KnownMiner[]; at: number }>();
  private readonly reading = new Set<ExecutorClass>();

  constructor(
    private readonly database: Database,
    private readonly capacity: Capacity,
    private readonly config: ValidatorConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** All that offer the class now, in no order. */
  async now(manager: EntityManager, executorClass: ExecutorClass): Promise<KnownMiner[]> {
    const at = performance.now();
    const elsewhere = await this.capacity.elsewhere(manager, executorClass);
    const rows = await all.run(manager, [executorClass, this.window]);
    const miners = rows.map((row) => ({ ...row, elsewhere: elsewhere.get(row.hotkey) ?? 0 }));
    const before = this.classes.get(executorClass);
    if (!before || before.at < at) this.classes.set(executorClass, { miners, at });
    return miners;
  }

  /** As they were within the last seconds. */
  async lately(manager: EntityManager, executorClass: ExecutorClass): Promise<KnownMiner[]> {
    const known = this.classes.get(executorClass);
    const age = known ? performance.now() - known.at : Infinity;
    if (!known || age > usedFor) return this.now(manager, executorClass);
    if (age > freshFor) this.readAhead(executorClass);
    return known.miners;
  }

  /** One miner as it is stored now; null: it is not on the chain any more. */
  async look(manager: EntityManager, executorClass: ExecutorClass, hotkey: string): Promise<LookedAt | null> {
    const [row] = await one.run(manager, [executorClass, hotkey, this.window]);
    return row ?? null;
  }

  /** So long an incident counts. @unit hours */
  private get window(): number {
    return this.config.get('DYNAMIC_ROUTING_RELIABILITY_WINDOW_HOURS');
  }

  private readAhead(executorClass: ExecutorClass): void {
    if (this.reading.has(executorClass)) return;
    this.reading.add(executorClass);
    void this.now(this.database.manager, executorClass)
      .catch((error: unknown) => this.logger.warn({ error }, 'the miners could not be read ahead'))
      .finally(() => this.reading.delete(executorClass));
  }
}
