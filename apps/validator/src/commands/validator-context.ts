import { CommandContext } from '@horde/commands';
import { openDatabase } from '@horde/database';
import { loadSettings } from '@horde/settings';
import type { DataSource } from 'typeorm';
import { databaseOptions } from '../database.ts';
import { ValidatorSettings } from '../settings.ts';

/** What the validator's commands are given. */
export class ValidatorContext extends CommandContext {
  /** The validator's settings. @throws SettingsError */
  settings(): ValidatorSettings {
    return loadSettings(ValidatorSettings, this.environment).settings;
  }

  /** Runs `work` with the validator's database. @throws SettingsError, DatabaseError, and what `work` throws */
  async withDatabase<T>(work: (database: DataSource) => Promise<T>): Promise<T> {
    const database = await openDatabase({ ...databaseOptions(this.settings().databaseUrl), poolSize: 2 });
    try {
      return await work(database);
    } finally {
      await database.destroy();
    }
  }
}
