import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { LOGGER, repeat, type Logger } from '@horde/operations';
import { FollowChain } from './follow-chain.ts';

/** How often the chain is asked for its newest block. @unit ms */
const interval = 3_000;

/** Follows the chain while the validator runs. */
@Injectable()
export class ChainSchedule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private stopRepeating = (): void => undefined;

  constructor(
    private readonly chain: FollowChain,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const failed = (error: unknown) => this.logger.error({ error }, 'the chain could not be followed');
    this.stopRepeating = repeat(() => this.chain.follow(), interval, failed);
    void this.chain.follow().catch(failed);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopRepeating();
    await this.chain.stop();
  }
}
