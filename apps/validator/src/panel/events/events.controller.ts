import { Get, Req } from '@nestjs/common';
import type { PanelSystemEvent, PanelList } from '@horde/panel-api';
import { AdminApi } from '@horde/panel-server';
import { queryOf } from '@horde/rest';
import type { Request } from 'express';
import { EventList } from './event-list.ts';

@AdminApi('events')
export class PanelEventsController {
  constructor(private readonly events: EventList) {}

  @Get()
  list(@Req() request: Request): Promise<PanelList<PanelSystemEvent>> {
    return this.events.page(queryOf(request));
  }
}
