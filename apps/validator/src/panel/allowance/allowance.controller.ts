import { Get, Req } from '@nestjs/common';
import type { PanelAllowance, PanelBooking, PanelList } from '@horde/panel-api';
import { AdminApi } from '@horde/panel-server';
import { queryOf } from '@horde/rest';
import type { Request } from 'express';
import { Accounts } from './accounts.ts';
import { BookingList } from './booking-list.ts';

@AdminApi()
export class PanelAllowanceController {
  constructor(
    private readonly accounts: Accounts,
    private readonly bookings: BookingList,
  ) {}

  @Get('allowance')
  allowance(): Promise<PanelAllowance> {
    return this.accounts.read();
  }

  @Get('bookings')
  list(@Req() request: Request): Promise<PanelList<PanelBooking>> {
    return this.bookings.page(queryOf(request));
  }
}
