import { Get, Param } from '@nestjs/common';
import { JobFrames } from '@horde/database';
import type { PanelJobFrames } from '@horde/panel-api';
import { isCanonicalUuid } from '@horde/protocol';
import { detail } from '@horde/rest';
import { AdminApi } from '../http/admin-api.ts';

/** What was exchanged about a job, in the panel of a service that keeps it. */
@AdminApi('jobs')
export class JobFramesController {
  constructor(private readonly frames: JobFrames) {}

  @Get(':uuid/frames')
  async of(@Param('uuid') uuid: string): Promise<PanelJobFrames> {
    const found = isCanonicalUuid(uuid) ? await this.frames.of(uuid) : null;
    if (!found) throw detail(404, 'There is no such job.');
    return {
      results: found.frames.map((frame) => ({ ...frame, at: frame.at.toISOString() })),
      is_full: found.isFull,
    };
  }
}
