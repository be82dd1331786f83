import { Get } from '@nestjs/common';
import type { PanelMiner } from '@horde/panel-api';
import { AdminApi } from '@horde/panel-server';
import { PanelMiners } from './miner-list.ts';

@AdminApi('miners')
export class PanelMinersController {
  constructor(private readonly miners: PanelMiners) {}

  @Get()
  async list(): Promise<{ results: PanelMiner[] }> {
    return { results: await this.miners.list() };
  }
}
