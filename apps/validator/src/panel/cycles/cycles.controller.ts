import { Get, Param } from '@nestjs/common';
import type { PanelCycle, PanelCyclePage } from '@horde/panel-api';
import { AdminApi } from '@horde/panel-server';
import { detail } from '@horde/rest';
import { CycleList } from './cycle-list.ts';

@AdminApi('cycles')
export class PanelCyclesController {
  constructor(private readonly cycles: CycleList) {}

  @Get()
  async all(): Promise<{ results: PanelCycle[] }> {
    return { results: await this.cycles.all() };
  }

  /** @param start the cycle's first block; that of the chain's first cycle is below 0 */
  @Get(':start')
  async one(@Param('start') start: string): Promise<PanelCyclePage> {
    if (!/^-?\d{1,9}$/.test(start)) throw detail(404, 'This is not the block that a cycle begins with.');
    return this.cycles.of(Number(start));
  }
}
