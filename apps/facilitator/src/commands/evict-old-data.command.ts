import { ServiceCommand } from '@horde/commands';
import { Command } from 'nest-commander';
import { JobRetention } from '../jobs/job-retention.ts';
import { FacilitatorContext } from './facilitator-context.ts';

@Command({
  name: 'evict_old_data',
  description: 'remove jobs whose last status is older than seven days now',
})
export class EvictOldData extends ServiceCommand {
  constructor(private readonly context: FacilitatorContext) {
    super();
  }

  override async run(): Promise<void> {
    const jobs = await this.context.use((app) => app.get(JobRetention).evict());
    this.context.print(`Removed ${jobs} ${jobs === 1 ? 'job' : 'jobs'}.`);
  }
}
