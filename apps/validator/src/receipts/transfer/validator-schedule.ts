import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { LOGGER, troubleLog, type Logger } from '@horde/operations';
import { Queues } from '@horde/queue';
import { RegisteredHotkeys } from './registered-hotkeys.ts';

/** @unit ms */
const interval = 60_000;

/** Keeps what is known of the chain's hotkeys fresh: one process of the validator at a time asks. */
@Injectable()
export class HotkeySchedule implements OnApplicationBootstrap {
  private readonly trouble = troubleLog((error) =>
    this.logger.warn({ error }, 'the hotkeys of the chain could not be read; those known so far count'),
  );

  constructor(
    private readonly hotkeys: RegisteredHotkeys,
    private readonly queues: Queues,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const queue = this.queues.open('hotkeys');
    queue.work(() => this.refresh(), {
      onError: (error) => this.logger.error({ error }, 'the schedule of the hotkeys failed'),
    });
    await queue.every('refresh', interval);
    void this.refresh();
  }

  private refresh(): Promise<void> {
    return this.hotkeys.refresh().then(() => this.trouble.over(), this.trouble.is);
  }
}
