import { createReadStream } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { Inject, Injectable, type Type } from '@nestjs/common';
import { CommandContext, ServiceCommand, UsageError } from '@horde/commands';
import type { DatabaseOptions } from '@horde/database';
import { reasonOf } from '@horde/network';
import { SettingsError, type ServiceSettings } from '@horde/settings';
import { Command, Option } from 'nest-commander';
import { backUp, backupsOf, writeSealed } from './backups.ts';
import { makeKeys, unseal } from './encryption.ts';
import { restoreBackup } from './restore-backup.ts';

/** The context of a service that has a database. */
export interface BackupContext extends CommandContext {
  /** @throws SettingsError */
  settings(): ServiceSettings;
}

/** The commands of backups. Their context is a `BackupContext`. */
export function backupCommands(
  service: string,
  databaseOptions: (url: string) => DatabaseOptions,
): Type<ServiceCommand>[] {
  @Command({
    name: 'back_up',
    description:
      'write a backup of the database, encrypted, into the places that BACKUP_FOLDER, BACKUP_S3_ADDRESS and BACKUP_B2_BUCKET name',
  })
  @Injectable()
  class BackUp extends ServiceCommand {
    constructor(@Inject(CommandContext) private readonly context: BackupContext) {
      super();
    }

    override async run(_words: string[], { output }: { output?: string } = {}): Promise<void> {
      const settings = this.context.settings();
      if (output !== undefined) {
        await writeSealed(service, settings.databaseUrl, settings.backupKeys, output);
        this.context.print(`${output} has ${bytes((await stat(output)).size)}.`);
        return;
      }
      const backups = backupsOf(service, settings);
      if (backups === null)
        throw new SettingsError([
          'Neither BACKUP_FOLDER nor BACKUP_S3_ADDRESS nor BACKUP_B2_BUCKET says where to: name a file with --output, or set one.',
        ]);
      const { name, size } = await backUp(backups);
      for (const place of backups.places) this.context.print(`${place.name}/${name} has ${bytes(size)}.`);
    }

    @Option({
      flags: '--output <file>',
      description: 'write it into this file instead, which must not be there yet',
    })
    output(file: string): string {
      return file;
    }
  }

  @Command({
    name: 'restore',
    arguments: '<file>',
    description:
      'put a backup into the database of DATABASE_URL, all of it or nothing; the service must not run',
  })
  @Injectable()
  class Restore extends ServiceCommand {
    constructor(@Inject(CommandContext) private readonly context: BackupContext) {
      super();
    }

    override async run(
      [file]: [string],
      { key, replace = false }: { key?: string; replace?: boolean } = {},
    ): Promise<void> {
      if (key === undefined) throw new UsageError('Name the file with the key that decrypts it: --key FILE.');
      const identity = identityIn(await readFile(key, 'utf8').catch(unreadable(key)), key);
      await stat(file).catch(unreadable(file));
      const { databaseUrl } = this.context.settings();
      const { at, rows } = await restoreBackup(
        () => unseal(createReadStream(file), identity),
        databaseOptions(databaseUrl),
        { replace },
      );
      this.context.print(`The ${service} has again what it had at ${at}.`);
      for (const [table, count] of Object.entries(rows))
        if (count > 0) this.context.print(`  ${table.padEnd(32)} ${count}`);
    }

    @Option({ flags: '--key <file>', description: 'the key that make_backup_key has written' })
    key(file: string): string {
      return file;
    }

    @Option({ flags: '--replace', description: 'remove what the service has in the database first' })
    replace(): boolean {
      return true;
    }
  }

  return [BackUp, Restore, MakeBackupKey];
}

@Command({
  name: 'make_backup_key',
  arguments: '<file>',
  description:
    'write a new key that decrypts backups into a file, and print what BACKUP_KEYS is set to for it',
})
@Injectable()
class MakeBackupKey extends ServiceCommand {
  constructor(@Inject(CommandContext) private readonly context: CommandContext) {
    super();
  }

  override async run([file]: [string]): Promise<void> {
    const { identity, recipient } = await makeKeys();
    await writeFile(file, `# public key: ${recipient}\n${identity}\n`, { mode: 0o600, flag: 'wx' }).catch(
      (error: unknown) => {
        throw new UsageError(`${file} cannot be written: ${reasonOf(error)}.`);
      },
    );
    this.context.print(`BACKUP_KEYS=${recipient}`);
    this.context.print(
      `Next, take ${file} to another machine: who has it reads the backups, and without it nobody does.`,
    );
  }
}

const unreadable = (file: string) => (error: unknown) => {
  throw new UsageError(`${file} cannot be read: ${reasonOf(error)}.`);
};

function identityIn(text: string, file: string): string {
  const found = /^AGE-SECRET-KEY-1[0-9A-Z]+$/m.exec(text)?.[0];
  if (found === undefined) throw new UsageError(`${file} has no key such as make_backup_key writes.`);
  return found;
}

const bytes = (count: number): string =>
  count < 1e6 ? `${Math.ceil(count / 1e3)} kB` : `${(count / 1e6).toFixed(1)} MB`;
