import { Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { minerChecks, type MinerCheck } from '@horde/panel-api';
import { AdminApi, CurrentOperator, CurrentSession, type Session } from '@horde/panel-server';
import { detail } from '@horde/rest';
import type { Request, Response } from 'express';
import { CheckRuns } from '../checks/check-runs.ts';
import { Checks } from '../checks/checks.ts';
import { CheckStreams } from '../checks/check-streams.ts';

/** What the miner checks of itself when its operator asks for it. */
@AdminApi()
export class ChecksController {
  constructor(
    private readonly checks: Checks,
    private readonly runs: CheckRuns,
    private readonly streams: CheckStreams,
    private readonly current: CurrentSession,
  ) {}

  @Get('checks')
  async last(): Promise<{ results: MinerCheck[] }> {
    return { results: await this.runs.all() };
  }

  @Get('checks/events')
  events(@Req() request: Request, @Res() response: Response): void {
    const mayRead = async () => (await this.current.of(request, false)) !== null;
    if (!this.streams.open(response, mayRead))
      throw detail(429, 'Too many pages follow the checks: close one.');
  }

  @Post('checks/:name')
  @HttpCode(202)
  async start(@Param('name') word: string, @CurrentOperator() { name: by }: Session): Promise<MinerCheck> {
    const name = minerChecks.find((check) => check === word);
    if (!name) throw detail(404, `There is no such check: there are ${minerChecks.join(' and ')}.`);
    await this.checks.start(name, by);
    return this.runs.last(name);
  }
}
