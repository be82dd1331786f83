import { DatabaseError, openDatabase } from '@horde/database';
import { isSs58 } from '@horde/identity';
import { loadSettings, SettingsError } from '@horde/settings';
import { databaseOptions } from '../database.ts';
import { ValidatorSettings } from '../settings.ts';
import { WhitelistedHotkey } from './whitelisted-hotkey.entity.ts';

/**
 * `whitelist_hotkey SS58`: from now on, jobs signed by this hotkey are taken. Repeatable.
 *
 * @returns the exit code: 0, 1 when the database cannot be used, 2 when the settings or the address are wrong
 */
export async function whitelistHotkey(
  hotkey: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  if (hotkey === undefined || !isSs58(hotkey)) {
    return refuse(
      2,
      hotkey === undefined
        ? 'Which hotkey? usage: whitelist_hotkey SS58_ADDRESS'
        : `"${hotkey}" is not an ss58 address.`,
    );
  }
  try {
    const { settings } = loadSettings(ValidatorSettings, environment);
    const dataSource = await openDatabase({ ...databaseOptions(settings.databaseUrl), poolSize: 2 });
    await dataSource
      .createQueryBuilder()
      .insert()
      .into(WhitelistedHotkey)
      .values({ hotkey })
      .orIgnore()
      .execute();
    await dataSource.destroy();
  } catch (error) {
    if (error instanceof SettingsError) return refuse(2, error.message);
    if (error instanceof DatabaseError) return refuse(1, error.message);
    throw error;
  }
  process.stdout.write(`Jobs signed by ${hotkey} are taken now.\n`);
  return 0;
}

function refuse(code: number, sentence: string): number {
  process.stderr.write(`${sentence}\n`);
  return code;
}
