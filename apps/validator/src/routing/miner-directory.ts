import { Inject, Injectable } from '@nestjs/common';
import { CHAIN, type Chain, type Neuron } from '@horde/chain';
import { Database, GatheredBell } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';
import { ManifestSync } from '../allowance/manifest-sync.ts';
import type { ExecutorClass } from '@horde/protocol';
import type { MinerAddress } from '../miner/miner-client.ts';
import { ShieldedMiners } from './shielded-miners.ts';

/** The chain is asked at most this often. @unit ms */
const chainPause = 1_000;

/** The miners of the subnet: where they are, and what they offer. */
@Injectable()
export class MinerDirectory {
  private refreshing: Promise<void> | null = null;
  private refreshedAt = 0;
  private asking: Promise<string | null> | null = null;

  constructor(
    @Inject(CHAIN) private readonly chain: Chain,
    private readonly database: Database,
    private readonly manifests: ManifestSync,
    private readonly shielded: ShieldedMiners,
    private readonly bell: GatheredBell,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Reads the neurons from the chain, at most once a second, and asks those for their manifest that received none yet. */
  refreshNeurons(): Promise<void> {
    if (Date.now() - this.refreshedAt < chainPause) return Promise.resolve();
    this.refreshing ??= this.readNeurons().finally(() => {
      this.refreshedAt = Date.now();
      this.refreshing = null;
    });
    return this.refreshing;
  }

  /**
   * Asks all miners for their manifests, once at a time: one silence is not two. Returns when each has answered or failed to.
   *
   * @returns a sentence that names those of the others that are behind a shield; null: none is
   */
  refreshManifests(): Promise<string | null> {
    this.asking ??= this.askAll().finally(() => (this.asking = null));
    return this.asking;
  }

  /** Ends what is under way. */
  stop(): void {
    this.manifests.stop();
  }

  /**
   * What a job waits for when no miner fits: a fresh look at the chain, and the answers of those whose manifest is
   * not known. Resolves as soon as another miner is known, or nothing is left to wait for.
   */
  async lookAgain(): Promise<'more is known' | 'that was all'> {
    await this.refreshNeurons();
    const asked = this.manifests.nextNewcomer();
    if (!asked) return 'that was all';
    await asked;
    return 'more is known';
  }

  /** Where a miner is; null: that is not known. */
  async find(hotkey: string): Promise<MinerAddress | null> {
    const [miner] = await this.database.manager.query<MinerAddress[]>(
      'select hotkey, ip, port from miner where hotkey = $1 and ip is not null',
      [hotkey],
    );
    return miner ?? null;
  }

  /** The miner with the lowest uid that offers a class and is not on the blacklist; null: none is known. */
  async firstOffering(executorClass: ExecutorClass): Promise<MinerAddress | null> {
    const [miner] = await this.database.manager.query<MinerAddress[]>(
      `select hotkey, ip, port from miner join miner_offer using (hotkey)
       where ip is not null and executor_class = $1 and count > 0
         and not exists (select from blacklisted_miner entry
                         where entry.hotkey = miner.hotkey and (expires_at is null or expires_at > now()))
       order by uid limit 1`,
      [executorClass],
    );
    return miner ?? null;
  }

  private async askAll(): Promise<string | null> {
    await this.manifests.sync(() => this.addresses(false));
    const silent = await this.database.manager.query<MinerAddress[]>(
      `select hotkey, ip, port from miner left join miner_answer using (hotkey)
       where ip is not null and coalesce(misses, 1) > 0`,
    );
    return this.shielded.look(silent);
  }

  private async readNeurons(): Promise<void> {
    try {
      const { neurons } = await this.chain.neurons();
      await this.store(neurons.filter(({ address }) => address !== null));
    } catch (error) {
      this.logger.warn(
        `${error instanceof Error ? error.message : String(error)} The miners known so far are used.`,
      );
      return;
    }
    this.manifests.askNewcomers(await this.addresses(true));
  }

  private async store(neurons: Neuron[]): Promise<void> {
    const hotkeys = neurons.map(({ hotkey }) => hotkey);
    const columns = [
      hotkeys,
      neurons.map(({ uid }) => uid),
      neurons.map(({ address }) => address!.ip),
      neurons.map(({ address }) => address!.port),
      neurons.map(({ incentive }) => incentive),
      neurons.map(({ emission }) => emission),
    ];
    await this.database.transaction(async (tx) => {
      // One process at a time: two that wrote the same rows in different orders would wait for each other.
      await tx.manager.query(`select pg_advisory_xact_lock(hashtext('validator: neurons'))`);
      const moved = await tx.manager.query<unknown[]>(
        `insert into miner (hotkey, uid, ip, port, incentive, emission)
         select * from unnest($1::text[], $2::int[], $3::text[], $4::int[], $5::float8[], $6::float8[])
         on conflict (hotkey) do update set uid = excluded.uid, ip = excluded.ip, port = excluded.port,
           incentive = excluded.incentive, emission = excluded.emission
         where (miner.uid, miner.ip, miner.port, miner.incentive, miner.emission)
           is distinct from (excluded.uid, excluded.ip, excluded.port, excluded.incentive, excluded.emission)
         returning 1`,
        columns,
      );
      const [, gone] = await tx.manager.query<[unknown[], number]>(
        `update miner set ip = null, port = null, incentive = null, emission = null
         where ip is not null and hotkey <> all($1)`,
        [hotkeys],
      );
      if (moved.length + gone > 0) tx.afterCommit(() => this.bell.ring('miners'));
    });
  }

  /** @param onlyUnknown those that have never told what they offer */
  private addresses(onlyUnknown: boolean): Promise<MinerAddress[]> {
    const unknown = 'and not exists (select from miner_answer where miner_answer.hotkey = miner.hotkey)';
    return this.database.manager.query(
      `select hotkey, ip, port from miner where ip is not null ${onlyUnknown ? unknown : ''}`,
    ) as Promise<MinerAddress[]>;
  }
}
