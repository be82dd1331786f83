import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { inParallel } from '@horde/async';
import { LOGGER, repeat, withLogContext, type Logger } from '@horde/operations';
import { JobOutputs, type UnfinishedOutput } from '../jobs/job-outputs.ts';
import { MinerLinks } from '../miner/miner-links.ts';
import type { JobEnd } from '../miner/shared-link.ts';
import { AttemptOutput } from './attempt-output.ts';

/** How often miners are asked for output that has not come while their jobs were driven. @unit ms */
const interval = 15_000;
/** How long the run of a job asks itself after the job's end. @unit seconds */
const runAsks = 15;
/** How long a miner may take. @unit ms */
const limit = 10_000;
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
    const jobs = await this.outputs.unfinished(age);
    await inParallel(jobs, maxAtOnce, (job) =>
      withLogContext({ job: job.job_uuid, miner: job.miner_hotkey }, () => this.fetchOne(job)),
    );
  }

  private async fetchOne(job: UnfinishedOutput): Promise<void> {
    const { miner_hotkey: hotkey, miner_ip: ip, miner_port: port } = job;
    const { outputs, logger } = this;
    if (this.stopping.signal.aborted) return;
    const output = new AttemptOutput(job.job_uuid, job.uuid, { outputs, logger });
    const end: JobEnd = {
      job: job.uuid,
      onMessage: async () => false, // its run has all that counts
      onResume: () => undefined,
      onOutput: () => undefined,
      onProgress: () => undefined,
      onChunk: (chunk) => output.take(chunk),
      onLost: () => undefined,
    };
    const signal = AbortSignal.any([this.stopping.signal, AbortSignal.timeout(limit)]);
    try {
      const shared = await this.links.join({ hotkey, ip, port }, end, { attempts: 1, signal });
      try {
        await output.ask(shared.link, signal);
        await output.rest(limit, signal);
      } finally {
        shared.leave(end, true);
      }
    } catch (error) {
      logger.debug({ error }, 'the miner could not be asked for the rest of the output');
    }
  }
}
