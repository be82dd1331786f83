import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { PanelCycle, PanelCyclePage, PanelSystemEvent } from '@horde/panel-api';
import { timeText } from '@horde/panel-server';
import { detail } from '@horde/rest';
import { WeightsStore } from '../../weights/weights-store.ts';
import { eventColumns, shownEvent } from '../events/event-list.ts';
import { whoGetsWhat } from './cycle-rules.ts';

const columns = `cycle_start, cycle_end, window_from, window_until, state, note as sentence, attempts,
  ${timeText('computed_at')} as computed_at, first_sent_block, last_sent_block, confirmed_block, inputs_digest`;

/** The cycles whose weights are, or were, this validator's to hand in. */
@Injectable()
export class CycleList {
  constructor(
    private readonly database: Database,
    private readonly store: WeightsStore,
  ) {}

  /** All that are kept, which are those of thirty days, the newest first. */
  async all(): Promise<PanelCycle[]> {
    return this.database.manager.query(`select ${columns} from cycle_weights order by cycle_start desc`);
  }

  /** @throws Refusal 404 */
  async of(start: number): Promise<PanelCyclePage> {
    const [cycle] = await this.database.manager.query<PanelCycle[]>(
      `select ${columns} from cycle_weights where cycle_start = $1`,
      [start],
    );
    const row = await this.store.find(start);
    if (!cycle || !row) throw detail(404, `Nothing is kept of a cycle from block ${start}.`);
    return { ...cycle, ...whoGetsWhat(row), events: await this.events(start) };
  }

  private async events(start: number): Promise<PanelSystemEvent[]> {
    const types = ['INFO', 'SUCCESS', 'FAILURE'].map((end) => `'WEIGHT_SETTING_${end}'`);
    const events = await this.database.manager.query<PanelSystemEvent[]>(
      `select ${eventColumns} from system_event
       where type in ('BURNING_INCENTIVE', ${types.join(', ')})
         and coalesce(data ->> 'block_from', data ->> 'cycle_block_start') = $1::text
       order by system_event.at desc, system_event.id desc limit 100`,
      [start],
    );
    return events.map(shownEvent);
  }
}
