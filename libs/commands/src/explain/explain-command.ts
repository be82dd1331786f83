import { Inject, Injectable, type Type } from '@nestjs/common';
import { isCanonicalUuid } from '@horde/protocol';
import { Command } from 'nest-commander';
import { CommandContext } from '../command-context.ts';
import { ServiceCommand } from '../service-command.ts';
import { UsageError } from '../usage-error.ts';

interface Explaining<C> {
  /** What it shows, for the help. */
  description: string;
  /** What the service knows of a job, for people; null: it has none of this uuid. */
  explain: (context: C, uuid: string) => Promise<string | null>;
  /** Why there may be none, and who knows more: sentences. */
  unknown: (context: C) => string;
}

/** The command of a service that says where a job is, and why. */
export function explainCommand<C extends CommandContext>({
  description,
  explain,
  unknown,
}: Explaining<C>): Type<ServiceCommand> {
  @Injectable()
  @Command({
    name: 'explain',
    arguments: '<job>',
    argsDescription: { job: "the job's uuid" },
    description,
  })
  class Explain extends ServiceCommand {
    constructor(@Inject(CommandContext) private readonly context: C) {
      super();
    }

    override async run([uuid = '']: string[]): Promise<void> {
      if (!isCanonicalUuid(uuid)) throw new UsageError(`"${uuid}" is not the uuid of a job.`);
      const text = await explain(this.context, uuid);
      if (text === null) throw new UsageError(`There is no job ${uuid} here. ${unknown(this.context)}`);
      this.context.print(text);
    }
  }
  return Explain;
}
