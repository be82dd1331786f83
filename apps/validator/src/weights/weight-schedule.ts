import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { CHAIN, type Chain } from '@horde/chain';
import { Health, LOGGER, troubleLog, type Logger } from '@horde/operations';
import { Queues } from '@horde/queue';
import { ValidatorSettings } from '../settings.ts';
import { WeightSetting } from './weight-setting.ts';
import { computing, WeightsStore } from './weights-store.ts';

/** ComputeHorde's validators look once a minute. @unit ms */
const interval = 30_000;

/** Looks after the weights again and again, and says at the start and in the health how they stand. */
@Injectable()
export class WeightSchedule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private stopping = false;
  private readonly trouble = troubleLog((error) =>
    this.logger.warn({ error }, 'the weights could not be looked after; it is tried again'),
  );

  constructor(
    @Inject(CHAIN) private readonly chain: Chain,
    private readonly setting: WeightSetting,
    private readonly store: WeightsStore,
    private readonly queues: Queues,
    private readonly settings: ValidatorSettings,
    private readonly health: Health,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.sayWhatIsAssumed();
    this.health.tell('weights', () => this.check());
    const queue = this.queues.open('weights');
    queue.work(() => this.look(), {
      onError: (error) => this.logger.error({ error }, 'the schedule of the weights failed'),
    });
    await queue.every('look', interval);
    // What another process left undone is not to wait for the schedule.
    void this.look();
  }

  /** A look that is under way is not waited for: whatever it has stored is gone on with. */
  beforeApplicationShutdown(): void {
    this.stopping = true;
  }

  private async look(): Promise<void> {
    try {
      await this.setting.look();
      this.trouble.over();
    } catch (error) {
      if (!this.stopping) this.trouble.is(error);
    }
  }

  private sayWhatIsAssumed(): void {
    if (this.chain.hyperparameters) return;
    const { minAllowedWeights, maxWeightLimit } = this.settings;
    this.logger.info(
      `This way to the chain does not tell what the subnet asks of weights: at least ${minAllowedWeights} of them, each at most ${maxWeightLimit} of 65535, as SUBNET_MIN_ALLOWED_WEIGHTS and SUBNET_MAX_WEIGHT_LIMIT say.`,
    );
  }

  /** @throws Error with a sentence when the newest weights did not reach the chain, or there were none to send */
  private async check(): Promise<void> {
    const newest = await this.store.newest();
    const isFine = !newest || ['sent', 'confirmed'].includes(newest.state) || newest.note === computing;
    if (!isFine) throw new Error(newest.note);
  }
}
