import { Controller, Get } from '@nestjs/common';
import { ValidatorSettings } from '../settings.ts';

@Controller('version')
export class VersionController {
  constructor(private readonly settings: ValidatorSettings) {}

  /** The versions that the operator has given this validator; "unknown" when none. */
  @Get()
  version(): { validator_version: string; runner_version: string } {
    return { validator_version: this.settings.version, runner_version: this.settings.runnerVersion };
  }
}
