import { leave, type Found, type Part } from '@horde/commands';
import { isSs58 } from '@horde/identity';
import type { Standing, Validators } from '../directory/validators.ts';

type Row = Standing & { hotkey: string };

/** The validators that ComputeHorde's miner knows: active, added by hand, blacklisted. */
export const oldValidators = (validators: Validators): Part => ({
  what: 'validators',
  async run(run, tally) {
    const debug = run.old.has('miner_validator', 'debug') ? 'debug' : 'false';
    const blacklisted = run.old.has('miner_validatorblacklist')
      ? 'exists (select from miner_validatorblacklist entry where entry.validator_id = known.id)'
      : 'false';
    const rows = await run.few<Row>(
      `select left(public_key, 100) as hotkey, active, ${debug} as debug, ${blacklisted} as blacklisted
       from miner_validator known order by id`,
    );
    await run.each(
      tally,
      rows.map((row) => found(row, validators)),
    );
  },
});

function found({ hotkey, ...standing }: Row, validators: Validators): Found {
  if (!isSs58(hotkey)) return leave(hotkey, 'no SS58 address');
  if (!standing.active && !standing.blacklisted) return leave(hotkey, 'neither active nor blacklisted there');
  return {
    key: hotkey,
    store: async (tx) => ((await validators.takeOver(tx, hotkey, standing)) ? 'taken' : 'here'),
  };
}
