import { cycleLength, cycleOf } from '@horde/chain';
import { leave, type Part } from '@horde/commands';
import { isSs58 } from '@horde/identity';
import { highestBlock } from '../receipts/receipt-row.ts';
import { incidentsKeptFor } from '../retention/old-records.ts';
import type { WeightsStore } from '../weights/weights-store.ts';

/** What cycles were weighted, and by which hotkeys, is kept as long as incidents. */
const since = (): string => new Date(Date.now() - incidentsKeptFor).toISOString();

interface Weighted {
  start: string;
  end: string;
  at: Date;
}

/** The cycles whose weights ComputeHorde's validator has handed in: none is handed in twice. */
export const weightedCycles = (store: WeightsStore, netuid: number): Part => ({
  what: 'weighted cycles',
  async run(run, tally) {
    const rows = await run.few<Weighted>(
      `select block_from::text as start, block_to::text as end, created_at as at
       from validator_weightsettingfinishedevent where created_at > $1 order by block_from`,
      [since()],
    );
    await run.each(
      tally,
      rows.map(({ start, end, at }) => {
        const cycle = { start: Number(start), end: Number(end) };
        if (
          cycle.start < 0 ||
          cycle.end > highestBlock ||
          cycleOf(cycle.start, netuid).start !== cycle.start ||
          cycle.end !== cycle.start + cycleLength
        )
          return leave(start, `no cycle of subnet ${netuid}`);
        return {
          key: start,
          store: async (tx) => ((await store.takeOver(tx, cycle, at)) ? 'taken' : 'here'),
        };
      }),
    );
  },
});

interface MainHotkey {
  coldkey: string;
  label: string;
  hotkey: string;
}

/** Which hotkey was the main one of a coldkey: another one in the next cycle gives a bonus. */
export const oldMainHotkeys = (netuid: number): Part => ({
  what: 'main hotkeys',
  async run(run, tally) {
    const rows = await run.few<MainHotkey>(
      `select coldkey, cycle_start::text as label, main_hotkey as hotkey from validator_minermainhotkey
       where created_at > $1 and main_hotkey <> '' order by id`,
      [since()],
    );
    await run.each(
      tally,
      rows.map(({ coldkey, label, hotkey }) => {
        const key = `${coldkey} ${label}`;
        if (!isSs58(coldkey)) return leave(key, 'no SS58 address');
        if (!(Number(label) >= 0 && Number(label) <= highestBlock)) return leave(key, 'of no cycle');
        return {
          key,
          async store({ manager }) {
            const rows = await manager.query<unknown[]>(
              `insert into main_hotkey (coldkey, cycle_start, hotkey, told_by) values ($1, $2, $3, $4)
               on conflict do nothing returning 1`,
              // It calls a cycle by the multiple of its length that is in it.
              [coldkey, cycleOf(Number(label), netuid).start, hotkey, "ComputeHorde's validator"],
            );
            return rows.length > 0 ? 'taken' : 'here';
          },
        };
      }),
    );
  },
});
