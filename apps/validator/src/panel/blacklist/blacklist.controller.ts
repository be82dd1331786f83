import { Delete, Get, Param, Put, Req } from '@nestjs/common';
import type { PanelBlacklistEntry } from '@horde/panel-api';
import { AdminApi, CurrentOperator, type Session } from '@horde/panel-server';
import { JsonFloat, withoutNuls, type JsonValue } from '@horde/protocol';
import { detail, fieldErrors, withJsonBody } from '@horde/rest';
import type { Request } from 'express';
import { Blacklist, maxHours } from '../../blacklist/blacklist.ts';
import { requireHotkey } from '../require-hotkey.ts';
import { BlacklistEntries } from './blacklist-entries.ts';

/** @unit bytes */
const maxEntry = 8_192;
/** @unit characters */
const maxBecause = 500;

@AdminApi('blacklist')
export class PanelBlacklistController {
  constructor(
    private readonly entries: BlacklistEntries,
    private readonly blacklist: Blacklist,
  ) {}

  @Get()
  async all(): Promise<{ results: PanelBlacklistEntry[] }> {
    return { results: await this.entries.read() };
  }

  /** Gives a miner no jobs: `because`, and for how many `hours`; null: until it is taken off. */
  @Put(':hotkey')
  async add(
    @Req() request: Request,
    @Param('hotkey') hotkey: string,
    @CurrentOperator() { name }: Session,
  ): Promise<{ results: PanelBlacklistEntry[] }> {
    requireHotkey(hotkey);
    const { because, hours } = await withJsonBody(
      request,
      { limit: maxEntry, sender: name },
      async (json) => ({
        because: becauseIn(json),
        hours: hoursIn(json),
      }),
    );
    await this.blacklist.addByHand(hotkey, because, hours, name);
    return { results: await this.entries.read(hotkey) };
  }

  /** Gives a miner jobs again, whatever it was on the list for. */
  @Delete(':hotkey')
  async remove(@Param('hotkey') hotkey: string, @CurrentOperator() { name }: Session): Promise<object> {
    if (!(await this.blacklist.remove(hotkey, name)))
      throw detail(404, 'This miner is not on the blacklist.');
    return {};
  }
}

const fieldOf = (json: JsonValue, name: string): JsonValue | undefined =>
  json instanceof Map ? json.get(name) : undefined;

/** @throws Refusal 400 */
function becauseIn(json: JsonValue): string {
  const because = fieldOf(json, 'because');
  if (typeof because === 'string' && because.trim() !== '' && because.length <= maxBecause)
    return withoutNuls(because.trim());
  throw fieldErrors({ because: [`Say why, in at most ${maxBecause} characters.`] });
}

/** null: until it is taken off. @throws Refusal 400 */
function hoursIn(json: JsonValue): number | null {
  const raw = fieldOf(json, 'hours') ?? null;
  const hours = raw instanceof JsonFloat ? raw.value : raw;
  if (hours === null || (typeof hours === 'number' && hours >= 0.001 && hours <= maxHours)) return hours;
  throw fieldErrors({ hours: [`It is a number up to ${maxHours}, or null.`] });
}
