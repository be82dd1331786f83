import { Inject, Injectable } from '@nestjs/common';
import { CHAIN, type Chain, type Neuron } from '@horde/chain';
import { Database, GatheredBell } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';
import { ManifestSync } from '../allowance/manifest-sync.ts';
import type { ExecutorClass } from '@horde/protocol';
import type { MinerAddress } from '../miner/miner-client.ts';
import { ShieldedMiners } from '../shield/shielded-miners.ts';

/** The chain is asked at most this often. @unit ms */
const chainPause = 1_000;

/** One that is behind a shield stays there until the chain tells another address. */
const stays = '(miner.axon_ip, miner.axon_port) = (excluded.ip, excluded.port)';

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
   * Those that do not answer are looked for behind a DDoS shield, and asked there.
   *
   * @returns a sentence that names those behind a shield that are not reached; null: there are none
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
    const atAxon = await this.database.manager.query<MinerAddress[]>(
      `select hotkey, coalesce(axon_ip, ip) as ip, coalesce(axon_port, port) as port
       from miner left join miner_answer using (hotkey)
       where ip is not null and (axon_ip is not null or coalesce(misses, 1) > 0)`,
    );
    const { reached, open, sentence } = await this.shielded.look(atAxon);
    const moved = [...(await this.moveIn(reached, atAxon)), ...(await this.moveOut(open))];
    if (moved.length === 0) return sentence;
    this.bell.ring('miners');
    await this.manifests.askMoved(moved);
    return sentence;
  }

  /** Those behind a shield are reached there. @param atAxon where they were looked for @returns those that were not before */
  private async moveIn(
    reached: readonly MinerAddress[],
    atAxon: readonly MinerAddress[],
  ): Promise<MinerAddress[]> {
    const axons = new Map(atAxon.map((miner) => [miner.hotkey, miner]));
    const [moved] = await this.database.manager.query<[MinerAddress[], number]>(
      `update miner set axon_ip = there.axon_ip, axon_port = there.axon_port, ip = there.ip, port = there.port
       from unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::int[]) as there (hotkey, ip, port, axon_ip, axon_port)
       where miner.hotkey = there.hotkey and (miner.ip, miner.port) is distinct from (there.ip, there.port)
         and (coalesce(miner.axon_ip, miner.ip), coalesce(miner.axon_port, miner.port)) = (there.axon_ip, there.axon_port)
       returning miner.hotkey, miner.ip, miner.port`,
      [
        reached.map(({ hotkey }) => hotkey),
        reached.map(({ ip }) => ip),
        reached.map(({ port }) => port),
        reached.map(({ hotkey }) => axons.get(hotkey)!.ip),
        reached.map(({ hotkey }) => axons.get(hotkey)!.port),
      ],
    );
    return moved;
  }

  /** Those without a shield are reached where the chain tells. @returns those that were not before */
  private async moveOut(open: readonly string[]): Promise<MinerAddress[]> {
    const [moved] = await this.database.manager.query<[MinerAddress[], number]>(
      `update miner set ip = axon_ip, port = axon_port, axon_ip = null, axon_port = null
       where hotkey = any($1) and axon_ip is not null returning hotkey, ip, port`,
      [open],
    );
    return moved;
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
         on conflict (hotkey) do update set uid = excluded.uid,
           incentive = excluded.incentive, emission = excluded.emission,
           ip = case when ${stays} then miner.ip else excluded.ip end,
           port = case when ${stays} then miner.port else excluded.port end,
           axon_ip = case when ${stays} then miner.axon_ip end,
           axon_port = case when ${stays} then miner.axon_port end
         where (miner.uid, coalesce(miner.axon_ip, miner.ip), coalesce(miner.axon_port, miner.port), miner.incentive, miner.emission)
           is distinct from (excluded.uid, excluded.ip, excluded.port, excluded.incentive, excluded.emission)
         returning 1`,
        columns,
      );
      const [, gone] = await tx.manager.query<[unknown[], number]>(
        `update miner set ip = null, port = null, axon_ip = null, axon_port = null, incentive = null, emission = null
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
