import { Get } from '@nestjs/common';
import { AdminApi } from '@horde/panel-server';
import type { ValidatorOverview } from '@horde/panel-api';
import { Overview } from './overview.ts';

@AdminApi()
export class OverviewController {
  constructor(private readonly overviews: Overview) {}

  @Get('overview')
  overview(): Promise<ValidatorOverview> {
    return this.overviews.read();
  }
}
