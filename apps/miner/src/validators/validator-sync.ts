import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Chain } from '@horde/chain';
import { Health, type Logger } from '@horde/operations';
import { Queues } from '@horde/queue';
import { CHAIN, LOGGER } from '../ports.ts';
import { MinerSettings } from '../settings.ts';
import { Validators } from './validators.ts';

/** How often the chain is asked who the validators are. @unit ms */
const interval = 60_000;
/** The pause before the chain is asked again when it did not answer. @unit ms */
const retryPause = 5_000;

/** Keeps the table of validators as the chain has it. */
@Injectable()
export class ValidatorSync implements OnApplicationBootstrap {
  private done = false;

  constructor(
    private readonly validators: Validators,
    private readonly queues: Queues,
    private readonly settings: MinerSettings,
    private readonly health: Health,
    @Inject(CHAIN) private readonly chain: Chain,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.settings.isLocalMiner) return this.validators.addDebug(this.settings.localMinerValidator);
    this.health.add('validators', async () => {
      if (!this.done) throw new Error('The chain has not said yet who the validators are.');
    });
    const queue = this.queues.open('validators');
    queue.work(
      async (id) => {
        try {
          await this.fetch();
        } catch (error) {
          this.logger.warn({ error }, 'the validators could not be read from the chain');
          // The entry that is being worked on still has its id.
          await queue.ring(id === 'retry' ? 'retry again' : 'retry', retryPause);
        }
      },
      { onError: (error) => this.logger.error({ error }, 'the schedule of validators failed') },
    );
    await queue.every('fetch', interval);
    await queue.ring('start');
  }

  /** Reads the validators from the chain. @throws ChainError */
  async fetch(): Promise<number> {
    const { validators } = await this.chain.validators();
    await this.validators.replace(validators.map(({ hotkey }) => hotkey));
    this.done = true;
    return validators.length;
  }
}
