import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { CHAIN, commitmentLimit, type SigningChain } from '@horde/chain';
import type { ExecutorManager } from '@horde/executor-manager';
import { LOGGER, type Logger } from '@horde/operations';
import { manifestText, withManifest, type ExecutorClass } from '@horde/protocol';
import { Queues } from '@horde/queue';
import { MinerConfig } from '../dynamic-config/miner-config.ts';
import { EXECUTOR_MANAGER } from '../tokens.ts';
import { schedule } from './schedule.ts';
import { MinerSettings } from '../settings.ts';

/** As in ComputeHorde. @unit ms */
const interval = 300_000;
/** @unit ms */
const retryPause = 30_000;

/** Keeps the miner's manifest on the chain, in its commitment, where validators may read it. */
@Injectable()
export class ManifestCommitment implements OnApplicationBootstrap {
  constructor(
    private readonly settings: MinerSettings,
    private readonly config: MinerConfig,
    private readonly queues: Queues,
    @Inject(CHAIN) private readonly chain: SigningChain,
    @Inject(EXECUTOR_MANAGER) private readonly manager: ExecutorManager,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.settings.isLocalMiner) return;
    await schedule(this.queues, this.logger, {
      name: 'manifest-commitment',
      interval,
      retryPause,
      work: () => this.keep(),
      failed: 'the manifest could not be committed on the chain; it is tried again',
    });
  }

  /** What is done at each time: commits, while SERVING. */
  async keep(): Promise<void> {
    if (this.config.get('SERVING')) await this.commit();
  }

  /**
   * Commits the manifest as it is now, unless the chain has it already. What else the commitment says stays.
   *
   * @returns the commitment that was written; null when nothing was
   * @throws ChainError
   */
  async commit(): Promise<string | null> {
    const manifest = new Map(Object.entries(await this.manager.manifest()) as [ExecutorClass, number][]);
    const present = (await this.chain.ownCommitment()) ?? '';
    const wanted = withManifest(present, manifest);
    if (wanted === null) {
      this.logger.error(
        `The manifest ${manifestText(manifest)} does not fit beside what else this hotkey has committed: at most ` +
          `${commitmentLimit} bytes in all. Commit a shorter text with the same hotkey.`,
      );
      return null;
    }
    if (wanted === present) return null;
    await this.chain.setCommitment(wanted);
    this.logger.info({ commitment: wanted }, 'manifest committed on the chain');
    return wanted;
  }
}
