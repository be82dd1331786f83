import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CHAIN, type Chain } from '@horde/chain';
import { LOGGER, type Logger } from '@horde/operations';
import { Queues } from '@horde/queue';
import { schedule } from '../schedule.ts';
import { MinerDirectory } from './miner-directory.ts';
import { MinerVersions } from './miner-versions.ts';

/** How often the chain is asked for its miners, and those for their versions: as in ComputeHorde. @unit ms */
const intervals = { sync: 5 * 60_000, versions: 30 * 60_000 };

/** Before the chain is asked once more for a miner that is not known. @unit ms */
const lookPause = 60_000;

/** Keeps the list of miners as the chain has it, and their versions: one replica at a time asks. */
@Injectable()
export class MinerSync implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly stopping = new AbortController();
  private looking = Promise.resolve();
  private lookedAt = -Infinity;

  constructor(
    private readonly directory: MinerDirectory,
    private readonly versions: MinerVersions,
    private readonly queues: Queues,
    @Inject(CHAIN) private readonly chain: Chain,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    schedule(this.queues, this.logger, this.stopping.signal, {
      name: 'miners',
      intervals,
      work: (id) => (id === 'versions' ? this.fetchVersions() : this.sync()),
    });
  }

  onApplicationShutdown(): void {
    this.stopping.abort();
  }

  /** @throws ChainError when the chain cannot be asked */
  async sync(): Promise<void> {
    const { neurons } = await this.chain.neurons();
    const deactivated = await this.directory.replace(neurons);
    if (deactivated.length > 0) this.logger.info({ deactivated }, 'miners that left the chain');
  }

  /** For a miner that is not known, and may be new: asks the chain, at most once a minute. Never fails. */
  lookAgain(): Promise<void> {
    if (performance.now() - this.lookedAt >= lookPause) {
      this.lookedAt = performance.now();
      this.looking = this.sync().catch((error: unknown) =>
        this.logger.warn({ error }, 'the chain could not be asked for a miner that is not known'),
      );
    }
    return this.looking;
  }

  private async fetchVersions(): Promise<void> {
    const { miners, answered, changed } = await this.versions.fetch();
    if (changed > 0) this.logger.info({ miners, answered, changed }, 'the versions of miners were asked for');
  }
}
