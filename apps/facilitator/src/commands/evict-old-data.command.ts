import { ServiceCommand } from '@horde/commands';
import { LastDone } from '@horde/metrics';
import { Command } from 'nest-commander';
import { OldRecords } from '../retention/old-records.ts';
import { FacilitatorContext } from './facilitator-context.ts';

@Command({
  name: 'evict_old_data',
  description: 'remove now what is older than the settings say: jobs, receipts, versions of miners, machines',
})
export class EvictOldData extends ServiceCommand {
  constructor(private readonly context: FacilitatorContext) {
    super();
  }

  override async run(): Promise<void> {
    const { jobs, receipts, versions, snapshots } = await this.context.use(async (app) => {
      const removed = await app.get(OldRecords).remove();
      await app.get(LastDone).note('retention');
      return removed;
    });
    this.context.print(
      `Removed ${jobs} jobs, ${receipts} receipts, ${versions} versions of miners, ${snapshots} looks at machines.`,
    );
  }
}
