import { Get, Param, Req } from '@nestjs/common';
import type { MinerJob, MinerJobPage, MinerReceipt, PanelList } from '@horde/panel-api';
import { AdminApi } from '@horde/panel-server';
import { queryOf } from '@horde/rest';
import type { Request } from 'express';
import { JobList } from './job-list.ts';
import { JobPages } from './job-pages.ts';
import { ReceiptList } from './receipt-list.ts';

/** What the panel shows of the miner's jobs, and of the receipts about them. */
@AdminApi()
export class JobsController {
  constructor(
    private readonly jobs: JobList,
    private readonly pages: JobPages,
    private readonly receipts: ReceiptList,
  ) {}

  @Get('jobs')
  list(@Req() request: Request): Promise<PanelList<MinerJob>> {
    return this.jobs.page(queryOf(request));
  }

  @Get('jobs/:uuid')
  job(@Param('uuid') uuid: string): Promise<MinerJobPage> {
    return this.pages.of(uuid);
  }

  @Get('receipts')
  allReceipts(@Req() request: Request): Promise<PanelList<MinerReceipt>> {
    return this.receipts.page(queryOf(request));
  }
}
