import { Get, Req } from '@nestjs/common';
import type { PanelFeedback, PanelList } from '@horde/panel-api';
import { AdminApi } from '@horde/panel-server';
import { queryOf } from '@horde/rest';
import type { Request } from 'express';
import { PanelFeedbackList } from './feedback-list.ts';

@AdminApi('feedback')
export class PanelFeedbackController {
  constructor(private readonly feedback: PanelFeedbackList) {}

  @Get()
  list(@Req() request: Request): Promise<PanelList<PanelFeedback>> {
    return this.feedback.list(queryOf(request));
  }
}
