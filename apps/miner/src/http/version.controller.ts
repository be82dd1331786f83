import { Controller, Get } from '@nestjs/common';
import { MinerSettings } from '../settings.ts';

@Controller()
export class VersionController {
  constructor(private readonly settings: MinerSettings) {}

  /** The versions that the operator has given, as ComputeHorde's miner tells them. */
  @Get('version')
  version(): { miner_version: string; runner_version: string } {
    return { miner_version: this.settings.version, runner_version: this.settings.runnerVersion };
  }
}
