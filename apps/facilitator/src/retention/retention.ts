import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { LastDone } from '@horde/metrics';
import { LOGGER, type Logger } from '@horde/operations';
import { Queues } from '@horde/queue';
import { schedule } from '../schedule.ts';
import { OldRecords } from './old-records.ts';

/** How often old records are looked for. @unit ms */
const interval = 3_600_000;

/** Has old records removed again and again. */
@Injectable()
export class Retention implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly stopping = new AbortController();

  constructor(
    private readonly records: OldRecords,
    private readonly lastDone: LastDone,
    private readonly queues: Queues,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.lastDone.expect('retention');
    schedule(this.queues, this.logger, this.stopping.signal, {
      name: 'retention',
      intervals: { evict: interval },
      work: async () => {
        await this.records.remove();
        await this.lastDone.note('retention');
      },
    });
  }

  onApplicationShutdown(): void {
    this.stopping.abort();
  }
}
