import { Inject, Injectable } from '@nestjs/common';
import { CHAIN, type Chain, type Neuron } from '@horde/chain';
import { Database } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';
import { isExecutorClass } from '@horde/protocol';
import type { EntityManager } from 'typeorm';
import { MinerClient, type MinerAddress } from '../miner/miner-client.ts';
import { MinerManifest } from './miner-manifest.entity.ts';
import { Miner } from './miner.entity.ts';

/** How long a miner may take to tell its manifest, the connection included. @unit ms */
const manifestLimit = 30_000;
/** So many failures in a row, and the miner counts as offering nothing. */
const maxMisses = 2;
/** The chain is asked at most this often. @unit ms */
const chainPause = 1_000;

/** The miners of the subnet: where they are, and what they offer. */
@Injectable()
export class MinerDirectory {
  private readonly asking = new Map<string, Promise<void>>();
  private refreshing: Promise<void> | null = null;
  private refreshedAt = 0;
  private readonly stopping = new AbortController();

  constructor(
    @Inject(CHAIN) private readonly chain: Chain,
    private readonly database: Database,
    private readonly client: MinerClient,
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

  /** Asks all miners for their manifests. Returns when each has answered or failed to. */
  async refreshManifests(): Promise<void> {
    await this.ask(await this.addresses(false));
  }

  /** Ends what is under way. */
  stop(): void {
    this.stopping.abort();
  }

  /**
   * What a job waits for when no miner fits: a fresh look at the chain, and the answers of those whose manifest is
   * not known. Resolves as soon as another miner is known, or nothing is left to wait for.
   */
  async lookAgain(): Promise<'more is known' | 'that was all'> {
    await this.refreshNeurons();
    const asked = [...this.asking.values()];
    if (asked.length === 0) return 'that was all';
    await Promise.race(asked);
    return 'more is known';
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
    void this.ask(await this.addresses(true));
  }

  private async store(neurons: Neuron[]): Promise<void> {
    const hotkeys = neurons.map(({ hotkey }) => hotkey);
    const columns = [
      hotkeys,
      neurons.map(({ uid }) => uid),
      neurons.map(({ address }) => address!.ip),
      neurons.map(({ address }) => address!.port),
    ];
    await this.database.transaction(async (tx) => {
      // One process at a time: two that wrote the same rows in different orders would wait for each other.
      await tx.manager.query(`select pg_advisory_xact_lock(hashtext('validator: neurons'))`);
      await tx.manager.query(
        `insert into miner (hotkey, uid, ip, port) select * from unnest($1::text[], $2::int[], $3::text[], $4::int[])
         on conflict (hotkey) do update set uid = excluded.uid, ip = excluded.ip, port = excluded.port
         where (miner.uid, miner.ip, miner.port) is distinct from (excluded.uid, excluded.ip, excluded.port)`,
        columns,
      );
      await tx.manager.query(
        'update miner set ip = null, port = null where ip is not null and hotkey <> all($1)',
        [hotkeys],
      );
    });
  }

  private addresses(onlyUnknown: boolean): Promise<MinerAddress[]> {
    return this.database.manager.query(
      `select hotkey, ip, port from miner where ip is not null ${onlyUnknown ? 'and manifest_at is null' : ''}`,
    ) as Promise<MinerAddress[]>;
  }

  private async ask(miners: MinerAddress[]): Promise<void> {
    await Promise.all(
      miners.map((miner) => {
        const asked =
          this.asking.get(miner.hotkey) ?? this.askOne(miner).finally(() => this.asking.delete(miner.hotkey));
        this.asking.set(miner.hotkey, asked);
        return asked;
      }),
    );
  }

  /** Never rejects: a miner that says nothing is no error of ours. */
  private async askOne(miner: MinerAddress): Promise<void> {
    try {
      const manifest = await this.fetchManifest(miner);
      await this.storeManifest(miner.hotkey, manifest);
      this.logger.debug(
        { peer: miner.hotkey, manifest: Object.fromEntries(manifest) },
        'the miner sent its manifest',
      );
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      const why = error instanceof Error ? error.message : String(error);
      this.logger.debug({ peer: miner.hotkey }, `the miner did not send its manifest: ${why}`);
      await this.storeMiss(miner.hotkey).catch((error: unknown) =>
        this.logger.error({ error }, 'a miss was not stored'),
      );
    }
  }

  private async fetchManifest(miner: MinerAddress): Promise<Map<string, number>> {
    const limit = AbortSignal.timeout(manifestLimit);
    const signal = AbortSignal.any([this.stopping.signal, limit]);
    const received = Promise.withResolvers<Map<string, number>>();
    const connection = await this.client.connect(miner, {
      attempts: 1,
      signal,
      onMessage: (message) => {
        if (message.message_type === 'V0ExecutorManifestRequest') received.resolve(message.manifest);
      },
    });
    const giveUp = () =>
      received.reject(new Error(limit.aborted ? `no answer within ${manifestLimit / 1000} s` : 'stopping'));
    signal.addEventListener('abort', giveUp);
    void connection.closed.then(({ code, reason }) =>
      received.reject(new Error(`closed with ${code} ${reason}`.trim())),
    );
    try {
      return await received.promise;
    } finally {
      signal.removeEventListener('abort', giveUp);
      connection.close();
    }
  }

  private async storeManifest(hotkey: string, manifest: Map<string, number>): Promise<void> {
    const rows = [...manifest]
      .filter(([executorClass, count]) => isExecutorClass(executorClass) && count > 0)
      .map(([executor_class, count]) => ({
        hotkey,
        executor_class: executor_class as never,
        count: Math.min(count, 2 ** 31 - 1),
      }));
    await this.database.transaction(async ({ manager }) => {
      await manager.update(Miner, { hotkey }, { manifest_at: () => 'now()', manifest_misses: 0 });
      await manager.delete(MinerManifest, { hotkey });
      await manager.insert(MinerManifest, rows);
    });
  }

  private async storeMiss(hotkey: string): Promise<void> {
    await this.database.transaction(async ({ manager }) => {
      await manager.increment(Miner, { hotkey }, 'manifest_misses', 1);
      const misses = await this.missesOf(manager, hotkey);
      if (misses < maxMisses) return;
      await manager.delete(MinerManifest, { hotkey });
      await manager.update(Miner, { hotkey }, { manifest_at: null });
    });
  }

  private async missesOf(manager: EntityManager, hotkey: string): Promise<number> {
    return (await manager.findOneByOrFail(Miner, { hotkey })).manifest_misses;
  }
}
