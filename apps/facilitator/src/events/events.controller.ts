import { All, Controller, Get, Param, Req, Res } from '@nestjs/common';
import { detail, noJob } from '@horde/rest';
import type { Request, Response } from 'express';
import { Authenticator } from '../auth/authenticator.ts';
import { otherMethods } from '../http/other-methods.ts';
import { requireUuid } from '../jobs/page.ts';
import { EventStreams } from './event-streams.ts';
import { JobEvents } from './job-events.ts';
import { beginning, readCursor, type Places } from './places.ts';

/** What happens with a job, told as it happens: server-sent events. */
@Controller('api/v1')
export class JobEventsController {
  constructor(
    private readonly events: JobEvents,
    private readonly authenticator: Authenticator,
    private readonly streams: EventStreams,
  ) {}

  @Get('jobs/:uuid/events')
  async follow(
    @Req() request: Request,
    @Res() response: Response,
    @Param('uuid') uuid: string,
  ): Promise<void> {
    const hotkey = await this.authenticator.hotkeyOf(request);
    const places = placesOf(request.headers['last-event-id']);
    requireUuid(uuid);
    const status = await this.events.statusOf(hotkey, uuid);
    if (!status) throw noJob();
    if (request.method === 'HEAD') return void response.type('text/event-stream').end();
    const authorization = request.headers.authorization!;
    const login = { key: authorization, refusal: () => this.authenticator.refusalOf(authorization) };
    await this.streams.open({ reader: hotkey, login, job: uuid.toLowerCase(), status, places, response });
  }

  @All('jobs/:uuid/events')
  otherThanFollow(@Req() request: Request, @Res({ passthrough: true }) response: Response): object {
    return otherMethods(request, response, { name: 'Job Events', allow: 'GET, HEAD, OPTIONS' });
  }
}

/** @throws Refusal 400 for a cursor that no event has */
export function placesOf(lastEventId: string | string[] | undefined): Places {
  if (!lastEventId) return { ...beginning };
  const places = readCursor(String(lastEventId));
  if (!places)
    throw detail(
      400,
      'The header Last-Event-ID is the id of no event. Without it, events are told from the first.',
    );
  return places;
}
