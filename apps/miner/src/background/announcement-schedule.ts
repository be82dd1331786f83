import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { LOGGER, Health, type Logger } from '@horde/operations';
import { Queues } from '@horde/queue';
import { MinerConfig } from '../dynamic-config/miner-config.ts';
import { schedule } from './schedule.ts';
import { MinerSettings } from '../settings.ts';
import { Announcement } from '../chain/announcement.ts';

/** As in ComputeHorde. @unit ms */
const interval = 1_800_000;
/** @unit ms */
const retryPause = 15_000;

/** Announces the miner's address when it starts, and again and again, while SERVING. */
@Injectable()
export class AnnouncementSchedule implements OnApplicationBootstrap {
  private done = false;

  constructor(
    private readonly announcement: Announcement,
    private readonly settings: MinerSettings,
    private readonly config: MinerConfig,
    private readonly queues: Queues,
    private readonly health: Health,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.settings.isLocalMiner) return;
    if (this.announcement.possible) {
      this.health.add('address', async () => {
        if (!this.done && this.config.get('SERVING'))
          throw new Error('The address of this miner is not on the chain yet.');
      });
    }
    await schedule(this.queues, this.logger, {
      name: 'announcement',
      interval,
      retryPause,
      work: () => this.keep(),
      failed: 'the address could not be announced; it is tried again',
    });
  }

  /** What is done at each time: announces, while SERVING. */
  async keep(): Promise<void> {
    if (!this.config.get('SERVING')) return;
    this.logger.info(await this.announcement.announce());
    this.done = true;
  }
}
