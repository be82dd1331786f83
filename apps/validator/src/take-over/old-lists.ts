import { leave, type Part } from '@horde/commands';
import { isSs58 } from '@horde/identity';
import type { Blacklist } from '../blacklist/blacklist.ts';
import type { BlacklistReason } from '../blacklist/blacklisted-miner.entity.ts';
import type { WhitelistChanges } from '../whitelist/whitelist-changes.ts';

/** The hotkeys that may sign jobs. */
export const oldWhitelist = (whitelist: WhitelistChanges): Part => ({
  what: 'whitelisted hotkeys',
  async run(run, tally) {
    const rows = await run.few<{ hotkey: string }>(
      'select hotkey from validator_validatorwhitelist order by id',
    );
    await run.each(
      tally,
      rows.map(({ hotkey }) =>
        isSs58(hotkey)
          ? { key: hotkey, store: async (tx) => ((await whitelist.takeOver(tx, hotkey)) ? 'taken' : 'here') }
          : leave(hotkey, 'no SS58 address'),
      ),
    );
  },
});

interface Entry {
  hotkey: string;
  reason: string;
  details: string;
  blacklisted_at: Date;
  expires_at: Date | null;
}

const reasons: readonly string[] = ['MANUAL', 'JOB_FAILED', 'JOB_CHEATED'] satisfies BlacklistReason[];

/** The miners that get no jobs, but for those whose time there has run out. Of several entries the one that ends last counts. */
export const oldBlacklist = (blacklist: Blacklist): Part => ({
  what: 'blacklisted miners',
  async run(run, tally) {
    const entries = await run.few<Entry>(
      `select distinct on (hotkey, reason) hotkey, left(reason, 100) as reason,
         left(reason_details, 1000) as details, blacklisted_at, expires_at
       from validator_minerblacklist entry join validator_miner miner on miner.id = entry.miner_id
       where expires_at > now() or expires_at is null
       order by hotkey, reason, expires_at desc nulls first`,
    );
    await run.each(
      tally,
      entries.map((entry) => {
        const { hotkey, reason } = entry;
        if (!isSs58(hotkey)) return leave(hotkey, 'no SS58 address');
        if (!reasons.includes(reason))
          return leave(`${hotkey} ${reason}`, 'there for a reason that is none here');
        return {
          key: `${hotkey} ${reason} ${entry.blacklisted_at.toISOString()}`,
          store: async (tx) =>
            (await blacklist.takeOver(tx, { ...entry, reason: reason as BlacklistReason }))
              ? 'taken'
              : 'here',
        };
      }),
    );
  },
});
