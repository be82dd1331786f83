import { Get, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Session } from '../accounts/sessions.ts';
import { AdminApi } from '../http/admin-api.ts';
import { CurrentOperator } from '../http/operator.guard.ts';
import { LiveStreams } from './live-streams.ts';

/** Server-sent events for the panel's pages: `changed` with the names of the resources that are to be asked for again. */
@AdminApi('live')
export class LiveController {
  constructor(private readonly streams: LiveStreams) {}

  @Get()
  open(@Req() request: Request, @Res() response: Response, @CurrentOperator() session: Session): void {
    this.streams.open(session, request, response);
  }
}
