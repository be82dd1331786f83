import { Controller, Get, Res } from '@nestjs/common';
import type { Response } from 'express';
import { MinerSettings } from '../settings.ts';

/** What whoever looks whether a miner is there may begin with. */
@Controller()
export class RootController {
  constructor(private readonly settings: MinerSettings) {}

  @Get()
  root(@Res() response: Response): void {
    if (this.settings.rootAnswers) response.type('text').send('ok\n');
    else response.redirect(302, '/admin/');
  }
}
