import { Get, Req } from '@nestjs/common';
import type { PanelReceipt, PanelList } from '@horde/panel-api';
import { AdminApi } from '@horde/panel-server';
import { queryOf } from '@horde/rest';
import type { Request } from 'express';
import { ReceiptList } from './receipt-list.ts';

@AdminApi('receipts')
export class PanelReceiptsController {
  constructor(private readonly receipts: ReceiptList) {}

  @Get()
  list(@Req() request: Request): Promise<PanelList<PanelReceipt>> {
    return this.receipts.page(queryOf(request));
  }
}
