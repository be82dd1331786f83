import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { inParallel } from '@horde/async';
import { LOGGER, repeat, withLogContext, type Logger } from '@horde/operations';
import { JobOutputs } from '../jobs/job-outputs.ts';
import { MinerLinks } from '../miner/miner-links.ts';
import { fetchRest } from './fetch-rest.ts';

/** How often miners are asked for output that has not come while their jobs were driven. @unit ms */
const interval = 15_000;
/** How long the run of a job asks itself after the job's end. @unit seconds */
const runAsks = 15;
/** How many are asked at once. */
const maxAtOnce = 20;

/** Fetches the rest of what ended jobs have printed, where the run of the job ended before it had all. */
@Injectable()
export class LateOutput implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private end: () => void = () => undefined;

  constructor(
    private readonly outputs: JobOutputs,
    private readonly links: MinerLinks,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const failed = (error: unknown) => {
      if (!this.stopping.signal.aborted)
        this.logger.error({ error }, 'output of ended jobs could not be fetched');
    };
    this.end = repeat(() => this.fetch(runAsks), interval, failed);
    void this.fetch(0).catch(failed);
  }

  beforeApplicationShutdown(): void {
    this.end();
    this.stopping.abort();
  }

  private async fetch(age: number): Promise<void> {
    const { outputs, links, logger } = this;
    const parts = { outputs, links, logger };
    const jobs = await outputs.unfinished(age);
    await inParallel(jobs, maxAtOnce, (job) =>
      withLogContext({ job: job.job_uuid, miner: job.miner_hotkey }, () =>
        fetchRest(job, parts, this.stopping.signal),
      ),
    );
  }
}
