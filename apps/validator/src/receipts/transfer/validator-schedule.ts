import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { LOGGER, troubleLog, type Logger } from '@horde/operations';
import { Queues } from '@horde/queue';
import { KnownValidators } from './known-validators.ts';

/** @unit ms */
const interval = 60_000;

/** Keeps fresh who may validate: one process of the validator at a time asks. */
@Injectable()
export class ValidatorSchedule implements OnApplicationBootstrap {
  private readonly trouble = troubleLog((error) =>
    this.logger.warn({ error }, 'the validators of the chain could not be read; those known so far count'),
  );

  constructor(
    private readonly validators: KnownValidators,
    private readonly queues: Queues,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const queue = this.queues.open('validators');
    queue.work(() => this.refresh(), {
      onError: (error) => this.logger.error({ error }, 'the schedule of the validators failed'),
    });
    await queue.every('refresh', interval);
    void this.refresh();
  }

  private refresh(): Promise<void> {
    return this.validators.refresh().then(() => this.trouble.over(), this.trouble.is);
  }
}
