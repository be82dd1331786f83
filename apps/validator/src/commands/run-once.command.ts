import { ServiceCommand } from '@horde/commands';
import { Database } from '@horde/database';
import { LastDone } from '@horde/metrics';
import { Command } from 'nest-commander';
import { FollowChain } from '../allowance/follow-chain.ts';
import { OldRecords } from '../retention/old-records.ts';
import { MinerDirectory } from '../routing/miner-directory.ts';
import { ValidatorContext } from './validator-context.ts';

@Command({
  name: 'sync_manifests',
  description:
    'read from the chain who is a miner, and ask all of them what they offer, as every five minutes',
})
export class SyncManifests extends ServiceCommand {
  constructor(private readonly context: ValidatorContext) {
    super();
  }

  override async run(): Promise<void> {
    await this.context.useDriver(async (app) => {
      const directory = app.get(MinerDirectory);
      await directory.refreshNeurons();
      const shielded = await directory.refreshManifests();
      const offers = await app
        .get(Database)
        .manager.query<{ executor_class: string; miners: number; executors: number }[]>(
          `select executor_class, count(*)::int as miners, sum(count)::int as executors
           from miner join miner_offer using (hotkey) where ip is not null group by 1 order by 1`,
        );
      for (const { executor_class, miners, executors } of offers)
        this.context.print(`${executor_class}: ${executors} executors of ${miners} miners`);
      if (offers.length === 0) this.context.print('No miner offers anything.');
      if (shielded !== null) this.context.print(shielded);
    });
  }
}

/** Takes the blocks that are missing, recent and old ones. */
async function scan(context: ValidatorContext): Promise<void> {
  const { print, signal } = context;
  await context.useDriver(async (app) => {
    const chain = app.get(FollowChain);
    const stop = () => void chain.stop();
    signal.addEventListener('abort', stop);
    try {
      await chain.follow();
    } finally {
      signal.removeEventListener('abort', stop);
      await chain.stop();
    }
    const [{ blocks, oldest, newest }] = await app
      .get(Database)
      .manager.query<[{ blocks: number; oldest: number | null; newest: number | null }]>(
        'select count(*)::int as blocks, min(number) as oldest, max(number) as newest from allowance_block',
      );
    print(
      blocks === 0
        ? 'No block is stored: see what the log says of the chain.'
        : `${blocks} blocks from ${oldest} to ${newest} are stored.`,
    );
  });
}

@Command({
  name: 'scan_blocks_and_calculate_allowance',
  description:
    'take the blocks that are missing, unless a validator that runs does so, and say which are there',
})
export class ScanBlocks extends ServiceCommand {
  constructor(private readonly context: ValidatorContext) {
    super();
  }

  override run(): Promise<void> {
    return scan(this.context);
  }
}

@Command({
  name: 'scan_archive_blocks_and_calculate_allowance',
  description: 'the same: recent and old blocks are taken together',
})
export class ScanArchiveBlocks extends ServiceCommand {
  constructor(private readonly context: ValidatorContext) {
    super();
  }

  override run(): Promise<void> {
    return scan(this.context);
  }
}

@Command({
  name: 'evict_old_data',
  description: 'remove jobs, receipts and events that are older than two days, as every hour',
})
export class EvictOldData extends ServiceCommand {
  constructor(private readonly context: ValidatorContext) {
    super();
  }

  override async run(): Promise<void> {
    await this.context.useDriver(async (app) => {
      await app.get(OldRecords).remove();
      await app.get(LastDone).note('retention');
    });
    this.context.print('Old records are removed.');
  }
}
