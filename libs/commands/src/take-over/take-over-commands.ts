import { Inject, Injectable, type INestApplicationContext, type Type } from '@nestjs/common';
import { Database } from '@horde/database';
import { Command, Option } from 'nest-commander';
import { CommandContext } from '../command-context.ts';
import { ServiceCommand } from '../service-command.ts';
import { operatorChanges } from './changes.ts';
import { OldDatabase } from './old-database.ts';
import { TakeOver, type Part } from './take-over.ts';
import { table } from './tally.ts';

/** What one service takes over of ComputeHorde's. */
export interface TakeOverFacts {
  /** The service's name: `miner`. */
  service: string;
  /** A table that the database of ComputeHorde's service of that name has, and no other. */
  table: string;
  /** Runs `work` with the service's parts, its tables made. */
  use<T>(work: (app: INestApplicationContext) => Promise<T>): Promise<T>;
  parts(app: INestApplicationContext): Part[];
  /** What is not taken over, as a sentence. */
  startsEmpty: string;
  /** What has happened here since a moment beside what operators have changed, a line each. */
  changesSince(database: Database, at: Date): Promise<string[]>;
}

/** The commands of a service that takes over from ComputeHorde's of the same name: `take_over`, `changes_since_take_over`. */
export function takeOverCommands<C extends CommandContext>(
  factsOf: (context: C) => TakeOverFacts,
): Type<ServiceCommand>[] {
  @Command({
    name: 'take_over',
    arguments: '<url>',
    argsDescription: {
      url: "of ComputeHorde's database: postgres://USER:PASSWORD@HOST:PORT/DATABASE; without the password it is that of PGPASSWORD",
    },
    description: "take over what ComputeHorde's own service has stored, and only read it there",
  })
  class TakeOverCommand extends TakingOver {
    constructor(@Inject(CommandContext) context: C) {
      super(context, factsOf(context));
    }
  }
  @Command({
    name: 'changes_since_take_over',
    description:
      "show what has happened here since take_over, for the way back to ComputeHorde's own service",
  })
  class ChangesSinceTakeOver extends ChangesSince {
    constructor(@Inject(CommandContext) context: C) {
      super(context, factsOf(context));
    }
  }
  return [TakeOverCommand, ChangesSinceTakeOver];
}

@Injectable()
abstract class TakingOver extends ServiceCommand {
  constructor(
    private readonly context: CommandContext,
    private readonly facts: TakeOverFacts,
  ) {
    super();
  }

  override async run([url = '']: string[], { dryRun = false }: { dryRun?: boolean } = {}): Promise<void> {
    const { facts, context } = this;
    const old = await OldDatabase.open(url);
    try {
      if (!old.has(facts.table))
        throw new Error(
          `The database at ${old.place} is not that of a ${facts.service} of ComputeHorde: it has no table ${facts.table}.`,
        );
      await facts.use(async (app) => {
        const run = new TakeOver(old, app.get(Database), dryRun, context.signal);
        await run.run(facts.parts(app));
        this.report(run, dryRun);
      });
    } finally {
      await old.close();
    }
  }

  @Option({ flags: '--dry-run', description: 'write nothing here either, and print what it would come to' })
  dryRun(): boolean {
    return true;
  }

  private report({ old, tallies, notes, troubles }: TakeOver, isDry: boolean): void {
    const { print } = this.context;
    const head = ['', isDry ? 'to take' : 'taken', 'here already', 'left there'];
    print(
      [
        `From ${old.place}, which was only read:`,
        ...table([head, ...tallies.map(({ cells }) => cells)]),
      ].join('\n'),
    );
    const reasons = tallies.flatMap((tally) => tally.reasons);
    if (reasons.length > 0) print(['Left there:', ...reasons.map((reason) => `  ${reason}`)].join('\n'));
    for (const note of notes) print(note);
    print(this.facts.startsEmpty);
    if (isDry) print('Nothing was written: this was a dry run.');
    if (troubles.length === 0) return;
    print(
      ['Not all could be looked at; run take_over again:', ...troubles.map((one) => `  ${one}`)].join('\n'),
    );
    this.context.exitCode = 1;
  }
}

@Injectable()
abstract class ChangesSince extends ServiceCommand {
  constructor(
    private readonly context: CommandContext,
    private readonly facts: TakeOverFacts,
  ) {
    super();
  }

  override async run(): Promise<void> {
    const lines = await this.facts.use(async (app) => {
      const database = app.get(Database);
      const [first] = await database.manager.query<{ at: Date }[]>(
        `select at from taken_over where kind = 'run'`,
      );
      if (!first) return ['Nothing was taken over here: there is no moment to count from.'];
      const { at } = first;
      return [
        `Since ${at.toISOString()}, when take_over was first run here:`,
        ...(await this.facts.changesSince(database, at)),
        ...(await operatorChanges(database, at)),
      ];
    });
    this.context.print(lines.join('\n'));
  }
}
