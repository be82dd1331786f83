import { All, Controller, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { LOGGER, withLogContext, type Logger } from '@horde/operations';
import { streamJson } from '@horde/rest';
import type { Request, Response } from 'express';
import { Authenticator } from '../auth/authenticator.ts';
import { otherMethods } from '../http/other-methods.ts';
import { Cancellations } from './cancellations.ts';
import { Jobs } from './jobs.ts';
import { requireUuid } from './page.ts';

/** `/api/v1/jobs/{uuid}/cancel/`, which ComputeHorde has not. */
@Controller('api/v1/jobs/:uuid/cancel')
export class CancelController {
  constructor(
    private readonly cancellations: Cancellations,
    private readonly jobs: Jobs,
    private readonly authenticator: Authenticator,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Post()
  async cancel(
    @Req() request: Request,
    @Res() response: Response,
    @Param('uuid') uuid: string,
  ): Promise<void> {
    const hotkey = await this.authenticator.hotkeyOf(request);
    requireUuid(uuid);
    await this.cancellations.cancel({ uuid, hotkey, by: 'the user' });
    withLogContext({ job: uuid, user: hotkey }, () => this.logger.info('the job is cancelled by its user'));
    await streamJson(response, this.jobs.resources([uuid]), 202);
  }

  @All()
  otherThanCancel(@Req() request: Request, @Res({ passthrough: true }) response: Response): object {
    return otherMethods(request, response, { name: 'Job Cancel', allow: 'POST, OPTIONS' });
  }
}
