import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Database, inBatches, JobFrames, Outbox } from '@horde/database';
import { Keypair } from '@horde/identity';
import { Health, LOGGER, type Logger } from '@horde/operations';
import { Cancellations } from '../jobs/cancellations.ts';
import { JobIntake } from '../jobs/job-intake.ts';
import { JobBell } from '../jobs/job-bell.ts';
import { ProgressRelay } from '../jobs/progress-relay.ts';
import { WaitingJobs } from '../jobs/waiting-jobs.ts';
import { Questions } from '../jobs/questions.ts';
import { JobOutputs } from '../jobs/job-outputs.ts';
import { ValidatorSettings } from '../settings.ts';
import { CheatReports } from './cheat-reports.ts';
import { FacilitatorLink } from './facilitator-link.ts';

/** How many jobs are adopted in one statement. */
const batch = 10_000;

/** The connections to all facilitators, each in one process of the validator. A job, its updates and reports about it belong to the one that sent it. */
@Injectable()
export class FacilitatorLinks implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly links: FacilitatorLink[];

  constructor(
    private readonly settings: ValidatorSettings,
    private readonly database: Database,
    keypair: Keypair,
    outbox: Outbox,
    intake: JobIntake,
    cheatReports: CheatReports,
    cancellations: Cancellations,
    relay: ProgressRelay,
    waiting: WaitingJobs,
    jobBell: JobBell,
    questions: Questions,
    outputs: JobOutputs,
    frames: JobFrames,
    health: Health,
    @Inject(LOGGER) logger: Logger,
  ) {
    const { facilitatorUris, version, runnerVersion, databaseUrl } = settings;
    const links = {
      keypair,
      outbox,
      intake,
      cheatReports,
      cancellations,
      questions,
      relay,
      waiting,
      jobBell,
      outputs,
      frames,
      logger,
    };
    const parts = { version, runnerVersion, databaseUrl, ...links };
    this.links = facilitatorUris.map((uri) => new FacilitatorLink(uri, parts));
    for (const link of this.links) {
      const name = this.links.length === 1 ? 'facilitator link' : `facilitator link to ${link.uri}`;
      health.add(name, async () => link.check());
    }
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.adopt();
    for (const link of this.links) link.open();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.links.map((link) => link.close()));
  }

  /** There was one facilitator: what is of that time goes to the first. */
  private async adopt(): Promise<void> {
    const [first] = this.settings.facilitatorUris;
    const { manager } = this.database;
    await inBatches(batch, async (most) => {
      // As a literal, which the index of these jobs is for.
      const [, adopted] = await manager.query<[unknown, number]>(
        `update job set facilitator = $1 where uuid = any (array(
           select uuid from job where facilitator = 'facilitator' limit $2))`,
        [first, most],
      );
      return adopted;
    });
    await manager.query(`update outbox set peer = $1 where peer = 'facilitator'`, [first]);
  }
}
