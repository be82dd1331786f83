import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { PanelAccount, PanelAllowance } from '@horde/panel-api';
import { ExecutorClass } from '@horde/protocol';
import { AllowanceView } from '../../allowance/allowance-view.ts';
import { accountKey, type Account } from '../../allowance/manifests.ts';
import { Allowance } from '../../allowance/allowance.ts';

/** What can be spent of each miner's executors, as routing sees it. */
@Injectable()
export class Accounts {
  constructor(
    private readonly allowance: Allowance,
    private readonly view: AllowanceView,
    private readonly database: Database,
  ) {}

  async read(): Promise<PanelAllowance> {
    const offered = await this.offered();
    const results = ExecutorClass.flatMap((executorClass) =>
      [...this.allowance.accounts(executorClass).values()].map(
        ({ minerHotkey, total, available, unspent }): PanelAccount => ({
          id: accountKey({ minerHotkey, executorClass }),
          miner_hotkey: minerHotkey,
          executor_class: executorClass,
          offered: offered.get(accountKey({ minerHotkey, executorClass })) ?? 0,
          total,
          spent: total - unspent,
          reserved: unspent - available,
          available,
        }),
      ),
    );
    const { first, end } = this.view.own;
    return {
      sentence: sentenceOf(results, this.allowance.isRequired),
      first_block: first,
      last_block: end - 1,
      results,
    };
  }

  private async offered(): Promise<Map<string, number>> {
    const rows = await this.database.manager.query<(Account & { count: number })[]>(
      'select hotkey as "minerHotkey", executor_class as "executorClass", count from miner_manifest',
    );
    return new Map(rows.map((row) => [accountKey(row), row.count]));
  }
}

function sentenceOf(accounts: readonly PanelAccount[], isRequired: boolean): string {
  const rule = isRequired
    ? 'A miner gets only jobs that its allowance pays for.'
    : 'ALLOWANCE_REQUIRED is off: miners get jobs that their allowance does not pay for, too.';
  const sum = accounts.reduce((all, { available }) => all + available, 0);
  const miners = new Set(
    accounts.filter(({ available }) => available > 0).map((account) => account.miner_hotkey),
  );
  if (accounts.length === 0)
    return `No miner has offered any executor yet, so there is no allowance. ${rule}`;
  if (miners.size === 0) return `Nothing can be spent at any miner now. ${rule}`;
  return `${Math.floor(sum).toLocaleString('en')} executor-seconds can be spent at ${miners.size} miner${miners.size === 1 ? '' : 's'}. ${rule}`;
}
