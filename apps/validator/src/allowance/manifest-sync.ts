import { Inject, Injectable } from '@nestjs/common';
import { CHAIN, type Chain } from '@horde/chain';
import { Database } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';
import { manifestOf, type Manifest } from '@horde/protocol';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import { SystemEvents } from '../events/system-events.ts';
import { askMiner, NoAnswerInTime } from '../miner/ask-miner.ts';
import { MinerClient, type MinerAddress } from '../miner/miner-client.ts';
import { ChainBlocks } from './chain-blocks.ts';
import { StoreManifests, type Answer } from './store-manifests.ts';

/** How long a miner may take to tell its manifest, the connection included. @unit ms */
const askLimit = 30_000;

/**
 * Learns what miners offer: from each of them, or from what they have committed on the chain
 * (DYNAMIC_MANIFESTS_USE_KNOWLEDGE_COMMITMENTS). Nothing else changes what counts for allowance, so that validators do
 * not differ by what a connection told one of them.
 */
@Injectable()
export class ManifestSync {
  private readonly asking = new Map<string, Promise<Answer>>();
  /** Why miners did not tell what they offer, when they were last asked. */
  private readonly failures = new Map<string, { why: string; isLate: boolean }>();
  /** Those that had never answered and are being asked, until what they say is stored. */
  private readonly newcomers = new Map<string, Promise<void>>();
  private readonly stopping = new AbortController();

  constructor(
    @Inject(CHAIN) private readonly chain: Chain,
    private readonly blocks: ChainBlocks,
    private readonly manifests: StoreManifests,
    private readonly client: MinerClient,
    private readonly config: ValidatorConfig,
    private readonly database: Database,
    private readonly events: SystemEvents,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Asks all miners, and stores what they say when each has answered or failed to. A miner that has answered before and
   * is none of these any more has been silent.
   *
   * @param readMiners reads all of them
   * @throws ChainError when it is not known what block it is
   */
  async sync(readMiners: () => Promise<MinerAddress[]>): Promise<void> {
    const block = await this.blocks.nowOrLast();
    if (block === null) return;
    // Read first: one that comes and answers for the first time meanwhile has not been silent.
    const known = await this.database.manager.query<{ hotkey: string }[]>('select hotkey from miner_answer');
    const miners = await readMiners();
    const answers = await this.answersOf(miners);
    if (this.stopping.signal.aborted) return;
    await this.recordSilences(miners, answers);
    for (const { hotkey } of known) if (!answers.has(hotkey)) answers.set(hotkey, null);
    await this.manifests.store(block, answers);
  }

  /** Asks those that have never answered; what each says is stored at once. Returns when it has begun to. */
  askNewcomers(miners: readonly MinerAddress[]): void {
    const unasked = miners.filter(({ hotkey }) => !this.newcomers.has(hotkey));
    if (unasked.length === 0) return;
    const block = this.blocks.nowOrLast();
    const groups = this.usesCommitments ? [unasked] : unasked.map((miner) => [miner]);
    for (const group of groups) {
      const asked = this.askTogether(group, block)
        .catch((error: unknown) => this.logger.warn({ error }, 'what new miners offer is not known'))
        .finally(() => group.forEach(({ hotkey }) => this.newcomers.delete(hotkey)));
      for (const { hotkey } of group) this.newcomers.set(hotkey, asked);
    }
  }

  /** Asks those that are reached elsewhere than before. Returns when what they say is stored. */
  askMoved(miners: readonly MinerAddress[]): Promise<void> {
    return this.askTogether(miners, this.blocks.nowOrLast());
  }

  /** Resolves when another newcomer has been asked; null: none is being asked. */
  nextNewcomer(): Promise<void> | null {
    return this.newcomers.size === 0 ? null : Promise.race(this.newcomers.values());
  }

  /** Ends what is under way. */
  stop(): void {
    this.stopping.abort();
  }

  private async askTogether(miners: readonly MinerAddress[], asOf: Promise<number | null>): Promise<void> {
    const [block, answers] = await Promise.all([asOf, this.answersOf(miners)]);
    for (const [hotkey, answer] of answers) if (!answer) answers.delete(hotkey);
    if (block !== null) await this.manifests.store(block, answers);
  }

  private async recordSilences(
    miners: readonly MinerAddress[],
    answers: ReadonlyMap<string, Answer>,
  ): Promise<void> {
    for (const { hotkey } of miners.filter((miner) => !answers.get(miner.hotkey))) {
      const { why, isLate } = this.failures.get(hotkey) ?? { why: '', isLate: false };
      await this.events.record({
        type: 'COMPUTE_TIME_ALLOWANCE',
        subtype: isLate ? 'MANIFEST_TIMEOUT' : 'MANIFEST_ERROR',
        description: `The miner ${hotkey} did not tell what it offers: ${why}.`,
        data: { miner_hotkey: hotkey },
      });
    }
    this.failures.clear();
  }

  private get usesCommitments(): boolean {
    return this.config.get('DYNAMIC_MANIFESTS_USE_KNOWLEDGE_COMMITMENTS');
  }

  private async answersOf(miners: readonly MinerAddress[]): Promise<Map<string, Answer>> {
    if (this.usesCommitments) return this.committed(miners);
    const answers = await Promise.all(miners.map((miner) => this.ask(miner)));
    return new Map(miners.map(({ hotkey }, at) => [hotkey, answers[at]!]));
  }

  /** On the chain nobody is silent: who has committed no manifest offers nothing. */
  private async committed(miners: readonly MinerAddress[]): Promise<Map<string, Answer>> {
    const { commitments } = await this.chain.commitments();
    return new Map(
      miners.map(({ hotkey }) => [hotkey, manifestOf(commitments.get(hotkey) ?? '') ?? new Map()]),
    );
  }

  /** Never rejects: a miner that says nothing is no error of ours. */
  private ask(miner: MinerAddress): Promise<Answer> {
    const asked =
      this.asking.get(miner.hotkey) ??
      askMiner(this.client, miner, {
        attempts: 1,
        limit: askLimit,
        stopping: this.stopping.signal,
        answer: (message) =>
          message.message_type === 'V0ExecutorManifestRequest' ? (message.manifest as Manifest) : undefined,
      })
        .then(
          (manifest) => {
            this.logger.debug(
              { miner: miner.hotkey, manifest: Object.fromEntries(manifest) },
              'the miner sent its manifest',
            );
            return manifest;
          },
          (error: unknown) => {
            const why = error instanceof Error ? error.message : String(error);
            this.failures.set(miner.hotkey, { why, isLate: error instanceof NoAnswerInTime });
            this.logger.debug({ miner: miner.hotkey }, `the miner did not send its manifest: ${why}`);
            return null;
          },
        )
        .finally(() => this.asking.delete(miner.hotkey));
    this.asking.set(miner.hotkey, asked);
    return asked;
  }
}
