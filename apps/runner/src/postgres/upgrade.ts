import { backupName } from '../backup-name.ts';
import { beside, type Beside } from '../beside.ts';
import { noteStarted } from '../pending.ts';
import type { Role } from '../roles.ts';
import { print } from '../say.ts';
import { imageOfMajor, type PostgresImage } from './database-image.ts';

/**
 * `runner upgrade_postgres`: brings the database to the major of Postgres that this release has: the service is stopped, a
 * backup made, and restored into a cluster beside the one that was in use, which stays as it is. `runner upgrade_postgres back`
 * returns to that one.
 *
 * @returns the exit code: 1 where it could not be done, and all is as it was; 2 where it could not be meant
 * @throws SettingsError, NoPostgres, ComposeFailed
 */
export async function upgradePostgres(role: Role, words: string[]): Promise<number> {
  const isBack = words[0] === 'back';
  if (words.length > (isBack ? 1 : 0)) {
    print('Type runner upgrade_postgres, or runner upgrade_postgres back.');
    return 2;
  }
  const all = await beside(role, 'upgrade');
  return isBack ? goBack(all) : goOn(all);
}

async function goOn(all: Beside): Promise<number> {
  const { wanted, prepared, project, listedPostgres: to, postgres: from } = all;
  const { inUse } = prepared.clusters;
  if (inUse === null || to.major === null || to.major === inUse) {
    print(`The database is of Postgres ${inUse ?? to.major ?? 'of this release'} already.`);
    return 0;
  }
  print(
    `From Postgres ${from.major} to ${to.major}: the ${all.host.role.name} is stopped until that is done.`,
  );
  const next = all.withPostgres(to);
  await project.stopService(prepared);
  let done = false;
  try {
    const file = backupName(`before-postgres-${to.major}`);
    print(`A backup was made: ${await project.backUp(prepared, file, await project.backupKey(prepared))}.`);
    await next.removeDatabase(prepared);
    // What an upgrade before has left that did not come to its end.
    await next.prepare('remove-cluster', String(to.major));
    done = (await next.restoreBackup(prepared, file)) === 0;
    if (done) await use(next, to);
  } finally {
    await (done ? next : project).start(prepared);
    await noteStarted(wanted.variables);
  }
  print(
    done
      ? `The database is of Postgres ${to.major}. That of Postgres ${from.major} is as it was: runner upgrade_postgres back returns to it, without what is stored from now on.`
      : `The backup could not be restored. The database is that of Postgres ${from.major}, as it was.`,
  );
  return done ? 0 : 1;
}

async function goBack(all: Beside): Promise<number> {
  const { host, wanted, prepared } = all;
  const { there, inUse, images } = prepared.clusters;
  const major = there.filter((one) => one < (inUse ?? 0)).at(-1);
  if (major === undefined) {
    print('There is no database of an older Postgres here.');
    return 1;
  }
  const to = await imageOfMajor(host.docker, major, images);
  const before = all.withPostgres(to);
  await before.stopService(prepared);
  await use(before, to);
  await before.start(prepared);
  await noteStarted(wanted.variables);
  print(
    `The database is that of Postgres ${major}, as it was before the upgrade. That of Postgres ${inUse} stays until the next one.`,
  );
  return 0;
}

const use = (project: Beside['project'], { major, reference }: PostgresImage): Promise<string> =>
  project.prepare('use-cluster', String(major), reference);
