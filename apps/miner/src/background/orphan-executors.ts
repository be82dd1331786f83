import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Database } from '@horde/database';
import {
  executorName,
  HostUnreachable,
  type ExecutorHandle,
  type ExecutorManager,
} from '@horde/executor-manager';
import { LOGGER, troubleLog, type Logger } from '@horde/operations';
import { Queues } from '@horde/queue';
import { EXECUTOR_MANAGER } from '../tokens.ts';
import { RunningExecutors } from '../executors/running-executors.ts';

/** How often is looked for executors that belong to nobody. @unit ms */
const interval = 30_000;

/** Stops executors of this miner that no job and no warm place holds: what a killed miner or a failed stop has left. */
@Injectable()
export class OrphanExecutors implements OnApplicationBootstrap {
  constructor(
    private readonly database: Database,
    private readonly executors: RunningExecutors,
    private readonly queues: Queues,
    @Inject(EXECUTOR_MANAGER) private readonly manager: ExecutorManager,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const queue = this.queues.open('orphan-executors');
    queue.work(async () => void (await this.sweep()), {
      onError: troubleLog((error) => this.logger.error({ error }, 'looking for orphaned executors failed'))
        .is,
    });
    await queue.every('sweep', interval);
  }

  /** @returns how many were found */
  async sweep(): Promise<number> {
    const found = await this.running();
    if (found.size === 0) return 0;
    // Read after they were listed: whoever starts one has stored its token before.
    const held = await this.database.manager.query<{ token: string }[]>(
      `select executor_token as token from job where slot_held and executor_token = any ($1)
       union all select token from warm_executor where token = any ($1)`,
      [[...found.keys()]],
    );
    for (const { token } of held) found.delete(token);
    for (const [token, handle] of found) {
      const executor = executorName(token);
      this.logger.warn({ executor }, 'an executor that belongs to no job is stopped');
      this.executors.background({ executor }, () => this.executors.stop(handle));
    }
    return found.size;
  }

  /** Those on machines that are in reach: one that is away for long must not keep the others from being swept. */
  private async running(): Promise<Map<string, ExecutorHandle>> {
    const running = await this.manager.running?.().catch((error: unknown) => {
      if (error instanceof HostUnreachable) return error.elsewhere;
      throw error;
    });
    return new Map(running?.map(({ token, handle }) => [token, handle]));
  }
}
