import { ServiceCommand } from '@horde/commands';
import { Database } from '@horde/database';
import { Command } from 'nest-commander';
import { COLLATERAL, type Collateral } from '../collateral/collateral.ts';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import { ValidatorContext } from './validator-context.ts';

@Command({
  name: 'sync_collaterals',
  description: 'show what miners have deposited, as it is looked up for every job; nothing is kept of it',
})
export class SyncCollaterals extends ServiceCommand {
  constructor(private readonly context: ValidatorContext) {
    super();
  }

  override async run(): Promise<void> {
    const lines = await this.context.useDriver(async (app) => {
      const collateral = app.get<Collateral>(COLLATERAL);
      const least = BigInt(app.get(ValidatorConfig).get('DYNAMIC_MINIMUM_COLLATERAL_AMOUNT_WEI'));
      if (!collateral.isKept)
        return [`${collateral.source} Miners get jobs without any, though ${least} wei are asked for.`];
      const miners = await app
        .get(Database)
        .manager.query<{ hotkey: string }[]>('select hotkey from miner where ip is not null order by uid');
      const deposits = await collateral.of(miners.map(({ hotkey }) => hotkey));
      const amounts = miners.map(({ hotkey }) => ({ hotkey, wei: deposits.get(hotkey) ?? 0n }));
      const enough = amounts.filter(({ wei }) => wei >= least);
      return [
        `${collateral.source} ${enough.length} of ${miners.length} miners have the ${least} wei that are asked for.`,
        ...amounts.map(
          ({ hotkey, wei }) => `${hotkey}: ${wei} wei${wei < least ? ', too little for jobs' : ''}`,
        ),
      ];
    });
    this.context.print(lines.join('\n'));
  }
}
