import { Get, Req } from '@nestjs/common';
import type { PanelCheatReport, PanelList } from '@horde/panel-api';
import { AdminApi } from '@horde/panel-server';
import { queryOf } from '@horde/rest';
import type { Request } from 'express';
import { CheatReportList } from './cheat-report-list.ts';

@AdminApi('cheat-reports')
export class PanelCheatReportsController {
  constructor(private readonly reports: CheatReportList) {}

  @Get()
  list(@Req() request: Request): Promise<PanelList<PanelCheatReport>> {
    return this.reports.list(queryOf(request));
  }
}
