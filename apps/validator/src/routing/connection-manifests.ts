import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { isExecutorClass, type ExecutorClass, type Manifest } from '@horde/protocol';
import { countedOf, readClassLimits } from '../allowance/manifest-rules.ts';
import { JobBell } from '../jobs/job-bell.ts';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';

/**
 * The manifests that miners send over the connections of jobs. They count at once for where jobs go, until the miner is
 * asked again; never for allowance, in which validators must not differ by what a connection told one of them.
 */
@Injectable()
export class ConnectionManifests {
  constructor(
    private readonly database: Database,
    private readonly config: ValidatorConfig,
    private readonly bell: JobBell,
  ) {}

  /** Keeps what a miner offers where it is new, and has waiting jobs look again. One that is not on the chain changes nothing. */
  async keep(hotkey: string, manifest: ReadonlyMap<string, number>): Promise<void> {
    const limits = readClassLimits(this.config.get('DYNAMIC_MINER_MAX_EXECUTORS_PER_CLASS'));
    const offers = [...(manifest as Manifest)]
      .map(([executorClass, count]): [ExecutorClass, number] => [
        executorClass,
        countedOf(executorClass, count, limits),
      ])
      .filter(([executorClass, count]) => isExecutorClass(executorClass) && count > 0);
    const counts = JSON.stringify(Object.fromEntries(offers));
    await this.database.transaction(async (tx) => {
      const news = await tx.manager.query<unknown[]>(
        `insert into connection_manifest (hotkey, counts)
         select $1, $2::jsonb from miner where hotkey = $1 and $2::jsonb <> (
           select coalesce(jsonb_object_agg(executor_class, count), '{}') from miner_offer where miner_offer.hotkey = $1
         )
         on conflict (hotkey) do update set counts = excluded.counts, received_at = now() returning 1`,
        [hotkey, counts],
      );
      if (news.length > 0) this.bell.ring(tx);
    });
  }
}
