import { Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import { AdminApi, CurrentOperator, type Session } from '@horde/panel-server';
import type { PanelList, ValidatorJob, ValidatorJobPage } from '@horde/panel-api';
import { isCanonicalUuid } from '@horde/protocol';
import { detail } from '@horde/rest';
import type { Request } from 'express';
import { JobChanges } from './job-changes.ts';
import { JobList } from './job-list.ts';
import { JobPages } from './job-page.ts';

/** The validator's jobs, for its operators. */
@AdminApi('jobs')
export class JobsController {
  constructor(
    private readonly jobs: JobList,
    private readonly pages: JobPages,
    private readonly changes: JobChanges,
  ) {}

  @Get()
  list(@Req() { originalUrl }: Request): Promise<PanelList<ValidatorJob>> {
    return this.jobs.list(new URLSearchParams(originalUrl.replace(/^[^?]*/, '')));
  }

  @Get(':uuid')
  async page(@Param('uuid') uuid: string): Promise<ValidatorJobPage> {
    return this.pages.of(canonical(uuid));
  }

  @Post(':uuid/cancel')
  @HttpCode(202)
  async cancel(@Param('uuid') uuid: string, @CurrentOperator() { name }: Session): Promise<ValidatorJobPage> {
    await this.changes.cancel(canonical(uuid), name);
    return this.pages.of(canonical(uuid));
  }

  @Post(':uuid/run-again')
  @HttpCode(201)
  async runAgain(
    @Param('uuid') uuid: string,
    @CurrentOperator() { name }: Session,
  ): Promise<{ uuid: string }> {
    return { uuid: await this.changes.runAgain(canonical(uuid), name) };
  }
}

/** @throws Refusal 404 */
function canonical(uuid: string): string {
  const lower = uuid.toLowerCase();
  if (!isCanonicalUuid(lower)) throw detail(404, 'This is no uuid of a job.');
  return lower;
}
