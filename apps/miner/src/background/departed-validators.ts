import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { LOGGER, type Logger } from '@horde/operations';
import { errors } from '@horde/protocol';
import { Validators } from '../directory/validators.ts';
import { Jobs } from '../jobs/jobs.ts';
import { logThrottle } from '../logging/log-throttle.ts';
import { ValidatorDelivery } from '../validators/validator-delivery.ts';

/** @unit ms */
const interval = 10_000;

/**
 * Closes the connections of validators that are not active any more: their new jobs are declined already, and those that
 * run end as usual and are reported before.
 */
@Injectable()
export class DepartedValidators implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly validators: Validators,
    private readonly jobs: Jobs,
    private readonly delivery: ValidatorDelivery,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const trouble = logThrottle((error) =>
      this.logger.error({ error }, 'the connections of departed validators could not be looked at'),
    );
    this.timer = setInterval(() => void this.sweep().then(trouble.over, trouble.is), interval).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  async sweep(): Promise<void> {
    for (const [hotkey, sessions] of this.delivery.connections()) {
      if (await this.validators.isActive(hotkey)) continue;
      if (await this.jobs.hasUnreported(hotkey)) continue;
      this.logger.info(
        { peer: hotkey },
        'the connections of a validator that is not active any more are closed',
      );
      for (const session of sessions) session.dismiss(errors.VALIDATOR_NOT_ACTIVE().message);
    }
  }
}
