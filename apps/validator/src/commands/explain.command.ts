import { ServiceCommand, UsageError } from '@horde/commands';
import { isCanonicalUuid } from '@horde/protocol';
import { Command } from 'nest-commander';
import { Decisions } from '../routing/decisions.ts';
import { explain } from '../routing/explain.ts';
import { ValidatorContext } from './validator-context.ts';

@Command({
  name: 'explain',
  arguments: '<job>',
  argsDescription: { job: "the job's uuid" },
  description:
    'show how a job got its miner, or why it got none: each candidate with what was for and against it',
})
export class Explain extends ServiceCommand {
  constructor(private readonly context: ValidatorContext) {
    super();
  }

  override async run([uuid = '']: string[]): Promise<void> {
    if (!isCanonicalUuid(uuid)) throw new UsageError(`"${uuid}" is not the uuid of a job.`);
    const routing = await this.context.use((app) => app.get(Decisions).of(uuid));
    if (!routing)
      throw new UsageError(`There is no job ${uuid} here. It has not come, or it is older than two days.`);
    this.context.print(explain(routing));
  }
}
