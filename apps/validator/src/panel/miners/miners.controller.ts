import { Get, Param } from '@nestjs/common';
import type { ValidatorMiner, ValidatorMinerPage } from '@horde/panel-api';
import { AdminApi } from '@horde/panel-server';
import { MinerList } from './miner-list.ts';
import { MinerPages } from './miner-page.ts';

@AdminApi('miners')
export class PanelMinersController {
  constructor(
    private readonly miners: MinerList,
    private readonly pages: MinerPages,
  ) {}

  @Get()
  async all(): Promise<{ results: ValidatorMiner[] }> {
    return { results: await this.miners.read() };
  }

  @Get(':hotkey')
  one(@Param('hotkey') hotkey: string): Promise<ValidatorMinerPage> {
    return this.pages.of(hotkey);
  }
}
