import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { LastDone } from '@horde/metrics';
import { LOGGER, type Logger } from '@horde/operations';
import { Queues } from '@horde/queue';
import { OldRecords } from './old-records.ts';

/** How often old records are removed. @unit ms */
const interval = 3_600_000;

/** Has old records removed again and again. */
@Injectable()
export class Retention implements OnApplicationBootstrap {
  constructor(
    private readonly records: OldRecords,
    private readonly lastDone: LastDone,
    private readonly queues: Queues,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const queue = this.queues.open('retention');
    const evict = async () => {
      await this.records.remove();
      await this.lastDone.note('retention');
    };
    await this.lastDone.expect('retention');
    queue.work(evict, {
      onError: (error) => this.logger.error({ error }, 'old records could not be removed'),
    });
    await queue.every('evict', interval);
  }
}
