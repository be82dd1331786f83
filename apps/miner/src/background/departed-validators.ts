import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { LOGGER, repeat, troubleLog, type Logger } from '@horde/operations';
import { errors } from '@horde/protocol';
import { Validators } from '../directory/validators.ts';
import { Jobs } from '../jobs/jobs.ts';
import { ValidatorDelivery } from '../validators/validator-delivery.ts';

/** @unit ms */
const interval = 10_000;

/**
 * Closes the connections of validators that are not active any more: their new jobs are declined already, and those that
 * run end as usual and are reported before.
 */
@Injectable()
export class DepartedValidators implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private stop: (() => void) | undefined;

  constructor(
    private readonly validators: Validators,
    private readonly jobs: Jobs,
    private readonly delivery: ValidatorDelivery,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const trouble = troubleLog((error) =>
      this.logger.error({ error }, 'the connections of departed validators could not be looked at'),
    );
    this.stop = repeat(() => this.sweep().then(trouble.over), interval, trouble.is);
  }

  beforeApplicationShutdown(): void {
    this.stop?.();
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
