import { Inject, Injectable, type Type } from '@nestjs/common';
import type { Database } from '@horde/database';
import { isCanonicalUuid, statusLabel, type JobStatus } from '@horde/protocol';
import { Command } from 'nest-commander';
import { CommandContext } from '../command-context.ts';
import { ServiceCommand } from '../service-command.ts';
import { UsageError } from '../usage-error.ts';

interface Explaining<C> {
  /**
   * The jobs to look at where none is named: those that wait, and those of the last hour that were let down. SQL, of `uuid`,
   * `status`, `since` (when it began to wait, or ended), without an order.
   */
  troubled: string;
  /** Calls with the service's database. */
  database: <T>(context: C, work: (database: Database) => Promise<T>) => Promise<T>;
  /** What it shows, for the help. */
  description: string;
  /** What the service knows of a job, for people; null: it has none of this uuid. */
  explain: (context: C, uuid: string) => Promise<string | null>;
  /** Why there may be none, and who knows more: sentences. */
  unknown: (context: C) => string;
}

interface TroubledJob {
  uuid: string;
  status: JobStatus;
  since: Date;
}

/** How many jobs are listed. */
const most = 20;

/** The command of a service that says where a job is, and why. */
export function explainCommand<C extends CommandContext>({
  description,
  troubled,
  database,
  explain,
  unknown,
}: Explaining<C>): Type<ServiceCommand> {
  @Injectable()
  @Command({
    name: 'explain',
    arguments: '[job]',
    argsDescription: {
      job: "the job's uuid; without it, the jobs that wait or were let down within an hour are listed",
    },
    description,
  })
  class Explain extends ServiceCommand {
    constructor(@Inject(CommandContext) private readonly context: C) {
      super();
    }

    override async run([uuid]: string[]): Promise<void> {
      if (uuid === undefined) return this.list();
      if (!isCanonicalUuid(uuid)) throw new UsageError(`"${uuid}" is not the uuid of a job.`);
      const text = await explain(this.context, uuid);
      if (text === null) throw new UsageError(`There is no job ${uuid} here. ${unknown(this.context)}`);
      this.context.print(text);
    }

    private async list(): Promise<void> {
      const jobs = await database(this.context, ({ manager }) =>
        manager.query<TroubledJob[]>(
          `select uuid, status, since from (${troubled}) troubled order by since desc, uuid limit ${most}`,
        ),
      );
      if (jobs.length === 0) this.context.print('No job waits, and none was let down within the last hour.');
      for (const { uuid, status, since } of jobs)
        this.context.print(`${uuid}  ${statusLabel(status).toLowerCase()}, since ${since.toISOString()}`);
      if (jobs.length > 0) this.context.print('Next, with one of these uuids: explain UUID');
    }
  }
  return Explain;
}
