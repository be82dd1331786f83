import type { INestApplicationContext } from '@nestjs/common';
import { counted, panelSettings, panelUsers, type Part, type TakeOverFacts } from '@horde/commands';
import type { Database } from '@horde/database';
import { Operators } from '@horde/panel-server';
import { Blacklist } from '../blacklist/blacklist.ts';
import type { ValidatorContext } from '../commands/validator-context.ts';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import { ValidatorSettings } from '../settings.ts';
import { WeightsStore } from '../weights/weights-store.ts';
import { WhitelistChanges } from '../whitelist/whitelist-changes.ts';
import { oldCheats, oldIncidents, oldSlashings } from './old-conduct.ts';
import { oldBlacklist, oldWhitelist } from './old-lists.ts';
import { oldReceipts } from './old-receipts.ts';
import { oldMainHotkeys, weightedCycles } from './old-weights.ts';

/** What the validator takes over of ComputeHorde's. */
export const takeOverFacts = (context: ValidatorContext): TakeOverFacts => ({
  service: 'validator',
  table: 'validator_validatorwhitelist',
  use: (work) => context.use(work),
  parts,
  startsEmpty:
    'Starts empty: jobs, manifests, collateral, system events, which come again by themselves; and the allowance, which is reckoned anew from the blocks on the chain, so that for some hours less of it can be spent.',
  changesSince,
});

function parts(app: INestApplicationContext): Part[] {
  const { netuid } = app.get(ValidatorSettings);
  return [
    panelUsers(app.get(Operators)),
    panelSettings(app.get(ValidatorConfig)),
    oldWhitelist(app.get(WhitelistChanges)),
    oldBlacklist(app.get(Blacklist)),
    weightedCycles(app.get(WeightsStore), netuid),
    oldMainHotkeys(netuid),
    oldCheats,
    oldSlashings,
    oldIncidents,
    oldReceipts(app),
  ];
}

async function changesSince({ manager }: Database, since: Date): Promise<string[]> {
  const count = (sql: string) => manager.query<{ name: string; count: number }[]>(sql, [since]);
  const jobs = await count(
    `select status as name, count(*)::int as count from job where received_at >= $1
     group by status order by status`,
  );
  const receipts = await count(
    `select receipt_type as name, count(*)::int as count from receipt where timestamp >= $1
     group by receipt_type order by receipt_type`,
  );
  const cheats = await count(
    `select 'reported' as name, count(*)::int as count from cheat_report where reported_at >= $1 having count(*) > 0`,
  );
  const cycles = await manager.query<{ cycle_start: number; cycle_end: number; state: string }[]>(
    `select cycle_start, cycle_end, state from cycle_weights where first_sent_block is not null and created_at >= $1
     order by cycle_start`,
    [since],
  );
  const slashings = await manager.query<{ job_uuid: string; miner_hotkey: string; outcome: string | null }[]>(
    'select job_uuid, miner_hotkey, outcome from slashing where begun_at >= $1 order by begun_at',
    [since],
  );
  return [
    counted('Jobs', jobs),
    counted('Receipts, made or fetched', receipts),
    counted('Cheated jobs', cheats),
    ...cycles.map(
      ({ cycle_start, cycle_end, state }) =>
        `Weights handed in for blocks ${cycle_start} to ${cycle_end - 1}: ${state}`,
    ),
    ...slashings.map(
      ({ job_uuid, miner_hotkey, outcome }) =>
        `Slashed ${miner_hotkey} for job ${job_uuid}: ${outcome ?? 'it has no outcome yet'}`,
    ),
  ];
}
