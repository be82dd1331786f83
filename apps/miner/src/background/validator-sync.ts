import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { CHAIN, type Chain } from '@horde/chain';
import { LastDone } from '@horde/metrics';
import { LOGGER, Health, type Logger } from '@horde/operations';
import { Queues } from '@horde/queue';
import { schedule } from './schedule.ts';
import { MinerSettings } from '../settings.ts';
import { Validators } from '../directory/validators.ts';

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
    private readonly lastDone: LastDone,
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
    await this.lastDone.expect('chain');
    await schedule(this.queues, this.logger, {
      name: 'validators',
      interval,
      retryPause,
      work: async () => void (await this.fetch()),
      failed: 'the validators could not be read from the chain; it is tried again',
    });
  }

  /** Reads the validators from the chain. @throws ChainError */
  async fetch(): Promise<number> {
    const { validators } = await this.chain.validators();
    const taken = await this.validators.update(validators.map(({ hotkey }) => hotkey));
    if (!taken) this.logger.warn('the chain lists no validator: those that are known stay');
    this.done = true;
    await this.lastDone.note('chain');
    return validators.length;
  }
}
