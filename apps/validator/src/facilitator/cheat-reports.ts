import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { LOGGER, type Logger, withLogContext } from '@horde/operations';
import { withoutNuls, writeCompact, type JobCheated } from '@horde/protocol';
import { Cheats } from '../cheats/cheats.ts';
import { cheatReportProblem } from '../jobs/request-signature.ts';
import { Whitelist } from '../whitelist/whitelist.ts';
import { CheatReport } from './cheat-report.entity.ts';

/** Keeps users' reports of wrong results. */
@Injectable()
export class CheatReports {
  constructor(
    private readonly database: Database,
    private readonly whitelist: Whitelist,
    private readonly cheats: Cheats,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Stores a report, once. One whose signature does not count, or that is about another facilitator's job, is not kept. */
  async receive(report: JobCheated, facilitator: string): Promise<void> {
    await withLogContext({ job: report.job_uuid }, async () => {
      const problem = await cheatReportProblem(report, (hotkey) => this.whitelist.has(hotkey));
      if (problem !== null) return this.logger.warn(`a cheat report was not kept: ${problem}`);
      const { job_uuid, trusted_job_uuid, details } = report;
      if (await this.belongsToAnother(job_uuid, facilitator))
        return this.logger.warn('a cheat report was not kept: the job came from another facilitator');
      await this.database.manager
        .createQueryBuilder()
        .insert()
        .into(CheatReport)
        .values({
          job_uuid,
          trusted_job_uuid,
          signatory: report.signature!.signatory,
          details: writeCompact(details),
        })
        .orIgnore()
        .execute();
      this.logger.warn({ trusted_job: trusted_job_uuid }, 'a user reports that the miner cheated');
      await this.cheats.act();
    });
  }

  private async belongsToAnother(jobUuid: string, facilitator: string): Promise<boolean> {
    const others = await this.database.manager.query<unknown[]>(
      'select from job where uuid::text = $1 and facilitator <> $2',
      [withoutNuls(jobUuid), facilitator],
    );
    return others.length > 0;
  }
}
