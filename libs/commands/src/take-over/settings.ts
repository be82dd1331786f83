import { isDeepStrictEqual } from 'node:util';
import type { DynamicConfig, Keys } from '@horde/dynamic-config';
import { recordChange } from '@horde/panel-server';
import { HordeError } from '@horde/protocol';
import { fullReasonOf } from '../report.ts';
import { longestValue, readConstance } from './constance.ts';
import { PickleError } from './pickle.ts';
import { leave, type Found, type Part, type TakeOver } from './take-over.ts';

interface Stored {
  key: string;
  value: string | null;
}

/** The settings of ComputeHorde's panel (constance), as far as they are settings here. */
export const panelSettings = (config: DynamicConfig<Keys>): Part => ({
  what: 'settings',
  async run(run, tally) {
    const table = run.old.has('constance_constance') ? 'constance_constance' : 'constance_config';
    const rows = await run.few<Stored>(
      `select key, left(value, ${longestValue + 1}) as value from ${table} order by key`,
    );
    const said = await saidBySource(run, config);
    await run.each(
      tally,
      rows.map((row) => found(run, row, config, said)),
    );
  },
});

/** Of which keys the source says what they are; null: nobody knows. */
async function saidBySource(run: TakeOver, config: DynamicConfig<Keys>): Promise<ReadonlySet<string> | null> {
  try {
    return await config.saidBySource();
  } catch (error) {
    run.troubles.push(
      `settings: their source cannot be asked which of them it says, so that those are left: ${fullReasonOf(error)}.`,
    );
    return null;
  }
}

function found(
  run: TakeOver,
  { key, value }: Stored,
  config: DynamicConfig<Keys>,
  said: ReadonlySet<string> | null,
): Found {
  const here = config.all().find(({ name }) => name === key);
  if (!here) return leave(key, 'no setting here');
  if (value === null) return leave(key, 'no value there');
  // ComputeHorde stores what the source has said as if somebody had set it.
  if (key.startsWith('DYNAMIC_')) {
    if (!said) return leave(key, 'perhaps said by its source, which cannot be asked');
    if (said.has(key)) return leave(key, 'said by its source, here as there');
  }
  let read: unknown;
  try {
    read = readConstance(value);
  } catch (error) {
    if (error instanceof PickleError) return leave(key, `a value that ${error.message}`);
    throw error;
  }
  return {
    key,
    async store(tx) {
      if (isDeepStrictEqual(read, here.value)) return 'here';
      try {
        if (!(await config.setUnlessSaid(tx, key, read))) return 'set here already';
      } catch (error) {
        if (error instanceof HordeError) return error.message.replace(/\.$/, '');
        throw error;
      }
      const change = { before: { value: here.value }, after: { value: read as string } };
      await recordChange(tx, { by: null, action: 'take over a setting', subject: key, ...change });
      if (key === 'SERVING' && read === false)
        run.notes.push(
          'SERVING is false there, and so it is here: set_dynamic_config SERVING true, when this one is to take its place.',
        );
      return 'taken';
    },
  };
}
