import { Inject, Injectable, type Type } from '@nestjs/common';
import { migrationsBeside, openDatabase, pendingMigrations, type DatabaseOptions } from '@horde/database';
import { Command, Option } from 'nest-commander';
import { CommandContext } from './command-context.ts';
import { ServiceCommand } from './service-command.ts';

/** The context of a service that has a database. */
export interface MigrateContext extends CommandContext {
  /** @throws SettingsError */
  settings(): { databaseUrl: string };
}

/** Brings the tables up to date without the service: before it, and while the version before still works. */
export function migrateCommand(
  service: string,
  databaseOptions: (url: string) => DatabaseOptions,
): Type<ServiceCommand> {
  @Command({
    name: 'migrate_database',
    description: `bring the ${service}'s tables up to date, which each start does, too`,
  })
  @Injectable()
  class Migrate extends ServiceCommand {
    constructor(@Inject(CommandContext) private readonly context: MigrateContext) {
      super();
    }

    override async run(
      _words: string[],
      { list = false, expand = false }: { list?: boolean; expand?: boolean } = {},
    ): Promise<void> {
      const { print } = this.context;
      const options = databaseOptions(this.context.settings().databaseUrl);
      const pending = await pendingMigrations(options);
      if (list) {
        for (const { name, contracts, afterSwitch } of pending)
          print([name, contracts && 'contracts', afterSwitch && 'after-switch'].filter(Boolean).join(' '));
        return;
      }
      const migrations = expand ? await migrationsBeside(options) : options.migrations;
      await (await openDatabase({ ...options, migrations })).destroy();
      const run = new Set(migrations.map(({ name }) => name));
      const left = pending.filter(({ name }) => !run.has(name));
      print(`${pending.length - left.length} migrations were run.`);
      for (const { name } of left) print(`Left for the start of this version: ${name}.`);
    }

    @Option({ flags: '--list', description: 'change nothing, and print what is to be run, a line each' })
    list(): boolean {
      return true;
    }

    @Option({ flags: '--expand', description: 'stop before what the version before could not live with' })
    expand(): boolean {
      return true;
    }
  }
  return Migrate;
}
