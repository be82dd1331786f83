import path from 'node:path';
import { beside } from './beside.ts';
import { noteStarted } from './pending.ts';
import { backupFolder, type Role } from './roles.ts';
import { print } from './say.ts';

/**
 * Puts a backup into the database in the place of what is there, with the service stopped meanwhile: all of it, or nothing.
 *
 * @param words the names of the backup and of the key that decrypts it, both in BACKUP_FOLDER
 * @returns the exit code: that of the service's command; 2 where it could not be meant
 * @throws SettingsError, ComposeFailed
 */
export async function restore(role: Role, words: string[]): Promise<number> {
  const { wanted, project, prepared } = await beside(role, 'restore');
  const [file, key, ...more] = words;
  if (file === undefined || key === undefined || more.length > 0 || !wanted.plan.app['BACKUP_FOLDER']) {
    print(
      'Put the backup and the key that decrypts it into the folder that BACKUP_FOLDER of .env names, and type their names: runner restore FILE.age KEY',
    );
    return 2;
  }
  const [fileThere, keyThere] = [file, key].map((name) => path.join(backupFolder, path.basename(name)));
  await project.stopService(prepared);
  try {
    return (await project.command(prepared, 'restore', fileThere!, '--key', keyThere!, '--replace')) ?? 1;
  } finally {
    await project.start(prepared);
    await noteStarted(wanted.variables);
  }
}
