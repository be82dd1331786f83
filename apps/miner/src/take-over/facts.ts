import type { INestApplicationContext } from '@nestjs/common';
import { counted, panelSettings, panelUsers, type Part, type TakeOverFacts } from '@horde/commands';
import type { Database } from '@horde/database';
import { Operators } from '@horde/panel-server';
import type { MinerContext } from '../commands/miner-context.ts';
import { Validators } from '../directory/validators.ts';
import { MinerConfig } from '../dynamic-config/miner-config.ts';
import { oldReceipts } from './old-receipts.ts';
import { oldValidators } from './old-validators.ts';

/** What the miner takes over of ComputeHorde's. */
export const takeOverFacts = (context: MinerContext): TakeOverFacts => ({
  service: 'miner',
  table: 'miner_validator',
  use: (work) => context.useSigning(work),
  parts,
  startsEmpty:
    'Starts empty: jobs, those that ran among them; the old service has to be stopped first, so that none does.',
  changesSince,
});

const parts = (app: INestApplicationContext): Part[] => [
  panelUsers(app.get(Operators)),
  panelSettings(app.get(MinerConfig)),
  oldValidators(app.get(Validators)),
  oldReceipts(app),
];

async function changesSince({ manager }: Database, at: Date): Promise<string[]> {
  const jobs = await manager.query<{ name: string; count: number }[]>(
    'select status as name, count(*)::int as count from job where accepted_at >= $1 group by status order by status',
    [at],
  );
  const receipts = await manager.query<{ name: string; count: number }[]>(
    `select receipt_type as name, count(*)::int as count from receipt where timestamp >= $1
     group by receipt_type order by receipt_type`,
    [at],
  );
  return [counted('Jobs', jobs), counted('Receipts', receipts)];
}
