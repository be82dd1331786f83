import { Delete, Get, Param, Put } from '@nestjs/common';
import type { PanelSignatory } from '@horde/panel-api';
import { AdminApi, CurrentOperator, type Session } from '@horde/panel-server';
import { detail } from '@horde/rest';
import { WhitelistChanges } from '../../whitelist/whitelist-changes.ts';
import { requireHotkey } from '../require-hotkey.ts';
import { Signatories } from './signatories.ts';

@AdminApi('whitelist')
export class PanelWhitelistController {
  constructor(
    private readonly signatories: Signatories,
    private readonly whitelist: WhitelistChanges,
  ) {}

  @Get()
  async all(): Promise<{ results: PanelSignatory[] }> {
    return { results: await this.signatories.read() };
  }

  /** Takes the jobs that a hotkey signs, from now on. */
  @Put(':hotkey')
  async add(@Param('hotkey') hotkey: string, @CurrentOperator() { name }: Session): Promise<PanelSignatory> {
    requireHotkey(hotkey);
    await this.whitelist.add(hotkey, name);
    const [signatory] = await this.signatories.read(hotkey);
    return signatory!;
  }

  /** Takes no more of its jobs; those that it has sent go on. */
  @Delete(':hotkey')
  async remove(@Param('hotkey') hotkey: string, @CurrentOperator() { name }: Session): Promise<object> {
    if (!(await this.whitelist.remove(hotkey, name)))
      throw detail(404, 'This hotkey is not on the whitelist.');
    return {};
  }
}
