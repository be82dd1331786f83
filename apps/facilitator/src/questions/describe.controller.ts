import { All, Controller, Get, Param, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Authenticator } from '../auth/authenticator.ts';
import { otherMethods } from '../http/other-methods.ts';
import { requireUuid } from '../jobs/page.ts';
import { Descriptions } from './descriptions.ts';

/** `/api/v1/jobs/{uuid}/describe/`, which ComputeHorde has not. */
@Controller('api/v1/jobs/:uuid/describe')
export class DescribeController {
  constructor(
    private readonly descriptions: Descriptions,
    private readonly authenticator: Authenticator,
  ) {}

  @Get()
  async describe(@Req() request: Request, @Param('uuid') uuid: string): Promise<object> {
    const hotkey = await this.authenticator.hotkeyOf(request);
    requireUuid(uuid);
    return this.descriptions.of(hotkey, uuid);
  }

  @All()
  otherThanDescribe(@Req() request: Request, @Res({ passthrough: true }) response: Response): object {
    return otherMethods(request, response, { name: 'Job Describe', allow: 'GET, HEAD, OPTIONS' });
  }
}
