import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { LOGGER, type Logger } from '@horde/operations';
import { Queues } from '@horde/queue';
import { MinerDirectory } from './miner-directory.ts';

/** @unit ms */
const neuronsInterval = 30_000;
/** As often as ComputeHorde's validators. @unit ms */
const manifestsInterval = 300_000;

/** Keeps the directory of miners fresh: one process of the validator at a time asks. */
@Injectable()
export class MinerSchedule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly directory: MinerDirectory,
    private readonly queues: Queues,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const queue = this.queues.open('miners');
    queue.work(
      async (id) => {
        if (id === 'neurons') await this.directory.refreshNeurons();
        else await this.directory.refreshManifests();
      },
      {
        concurrency: 2,
        onError: (error, id) =>
          this.logger.error({ error, schedule: id }, 'the miners could not be refreshed'),
      },
    );
    await queue.every('neurons', neuronsInterval);
    await queue.every('manifests', manifestsInterval);
    void this.directory
      .refreshNeurons()
      .then(() => this.directory.refreshManifests())
      .catch((error: unknown) => this.logger.error({ error }, 'the miners could not be read at the start'));
  }

  beforeApplicationShutdown(): void {
    this.directory.stop();
  }
}
