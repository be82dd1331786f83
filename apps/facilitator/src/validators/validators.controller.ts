import { All, Controller, Get, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Authenticator } from '../auth/authenticator.ts';
import { otherMethods } from '../http/other-methods.ts';
import { Channels, type ListedValidator } from './channels.ts';

/** The validators that jobs can be for; ComputeHorde's facilitator does not tell. */
@Controller('api/v1/validators')
export class ValidatorsController {
  constructor(
    private readonly channels: Channels,
    private readonly authenticator: Authenticator,
  ) {}

  @Get()
  async list(@Req() request: Request): Promise<{ results: ListedValidator[] }> {
    await this.authenticator.hotkeyOf(request);
    return { results: await this.channels.list() };
  }

  @All()
  otherThanList(@Req() request: Request, @Res({ passthrough: true }) response: Response): object {
    return otherMethods(request, response, { name: 'Validator List', allow: 'GET, HEAD, OPTIONS' });
  }
}
