import { Get, Param, Query, Res } from '@nestjs/common';
import { AdminApi } from '@horde/panel-server';
import { detail } from '@horde/rest';
import type { Response } from 'express';
import { requireUuid } from '../jobs/page.ts';
import { JobArtifacts, savedAs } from './job-artifacts.ts';

/** A job's files, to be saved and never shown: strangers have made them. */
@AdminApi('jobs')
export class ArtifactsController {
  constructor(private readonly artifacts: JobArtifacts) {}

  @Get(':uuid/artifact')
  async save(
    @Param('uuid') uuid: string,
    @Res() response: Response,
    @Query('name') name?: unknown,
  ): Promise<void> {
    requireUuid(uuid);
    const content = typeof name === 'string' ? await this.artifacts.read(uuid, name) : null;
    if (content === null || typeof name !== 'string') throw detail(404, 'Not found.');
    response.setHeader('content-type', 'application/octet-stream');
    response.setHeader('content-disposition', savedAs(name));
    response.end(content);
  }
}
