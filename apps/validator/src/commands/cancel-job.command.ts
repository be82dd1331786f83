import { ServiceCommand, UsageError } from '@horde/commands';
import { isCanonicalUuid } from '@horde/protocol';
import { Command, Option } from 'nest-commander';
import { Cancellations } from '../jobs/cancellations.ts';
import { ValidatorContext } from './validator-context.ts';

interface Options {
  by?: string;
}

const sentences = {
  ended: 'It waited for a miner, and has ended.',
  told: 'Whoever drives it ends it now.',
  over: 'It has ended before: nothing was changed.',
  unknown: 'This validator has no such job.',
};

@Command({
  name: 'cancel_job',
  arguments: '<uuid>',
  argsDescription: { uuid: 'the job' },
  description:
    'end a job; from the moment its executor was ready the miner is paid for the time that it took',
})
export class CancelJob extends ServiceCommand {
  constructor(private readonly context: ValidatorContext) {
    super();
  }

  override async run([uuid = '']: string[], { by }: Options): Promise<void> {
    if (!isCanonicalUuid(uuid)) throw new UsageError(`"${uuid}" is not a uuid: lower case, with hyphens.`);
    const came = await this.context.use((app) => app.get(Cancellations).cancel(uuid, null, by));
    if (came === 'unknown') throw new UsageError(sentences.unknown);
    this.context.print(sentences[came]);
  }

  @Option({
    flags: '--by <text>',
    description: 'who wants it, for its user (default: the operator of the validator)',
  })
  by(words: string): string {
    if (words.length === 0 || words.length > 200) throw new UsageError('--by takes 1 to 200 characters.');
    return words;
  }
}
