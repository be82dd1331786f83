import type { ClientBase } from 'pg';
import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { DatabaseError } from './database-error.ts';

/**
 * A migration after which earlier code may not run any more: it takes away or narrows what that code uses. What
 * replaces it was made by an earlier release, which uses it already: so each release can go back to the one before.
 */
export interface ContractingMigration extends MigrationInterface {
  /** The migration that made the replacement. Code that does not know it is refused from now on. */
  readonly replacedBy: string;
}

/**
 * Brings a service's schema up to date. On one that a newer version has changed it leaves all as it is, and returns
 * where that version says that this one may run.
 *
 * @throws DatabaseError where it may not
 */
export async function migrate(
  dataSource: DataSource,
  service: string,
  migrations: (new () => MigrationInterface)[],
): Promise<void> {
  const lock = dataSource.createQueryRunner();
  await lock.connect();
  try {
    await lock.query('select pg_advisory_lock(hashtext($1))', [migrationsLock(service)]);
    await refuseNewerSchema(
      lock,
      service,
      migrations.map(({ name }) => name),
    );
    await dataSource.runMigrations();
    await noteNeeded(lock, service, migrations);
  } finally {
    await lock.query('select pg_advisory_unlock(hashtext($1))', [migrationsLock(service)]);
    await lock.release();
  }
}

/** The name of the lock that is held by who looks at what is done, and does the rest. */
export const migrationsLock = (service: string): string => `migrations of ${service}`;

/** Whether `migrate` would change nothing, and refuse nothing. */
export async function isUpToDate(
  client: ClientBase,
  service: string,
  migrations: (new () => MigrationInterface)[],
): Promise<boolean> {
  const [done, needed] = [`${service}.migrations`, `${service}.needed_migration`];
  const { rows: found } = await client.query(
    'select where to_regclass($1) is not null and to_regclass($2) is not null',
    [done, needed],
  );
  if (found.length === 0) return false;
  const { rows } = await client.query<{ done: string[]; needed: string[] }>(
    `select array(select name::text from ${done}) as done, array(select name from ${needed}) as needed`,
  );
  const stored = rows[0]!;
  const names = migrations.map(({ name }) => name);
  return isSame(stored.done, names) && neededBy(migrations).every((name) => stored.needed.includes(name));
}

const isSame = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((name) => others.includes(name));

/** The migrations without which an earlier version may not run beside this one. */
const neededBy = (migrations: (new () => MigrationInterface)[]): string[] =>
  migrations.flatMap((migration) => (new migration() as Partial<ContractingMigration>).replacedBy ?? []);

async function refuseNewerSchema(runner: QueryRunner, service: string, known: string[]): Promise<void> {
  const unknown = (names: string[]) => names.filter((name) => !known.includes(name));
  const newer = unknown(await namesIn(runner, `${service}.migrations`));
  if (newer.length === 0) return;
  const needed = `${service}.needed_migration`;
  if ((await runner.hasTable(needed)) && unknown(await namesIn(runner, needed)).length === 0) return;
  throw new DatabaseError(
    `The database of ${service} was changed by a newer version (${newer.join(', ')}). Run that version, or restore a backup.`,
  );
}

/** Tells earlier versions, which do not know the newest migrations, whether they may run beside them. */
async function noteNeeded(
  runner: QueryRunner,
  service: string,
  migrations: (new () => MigrationInterface)[],
): Promise<void> {
  await runner.query(`create table if not exists ${service}.needed_migration (name text primary key)`);
  await runner.query(
    `insert into ${service}.needed_migration select unnest($1::text[]) on conflict do nothing`,
    [neededBy(migrations)],
  );
}

async function namesIn(runner: QueryRunner, table: string): Promise<string[]> {
  if (!(await runner.hasTable(table))) return [];
  return ((await runner.query(`select name from ${table}`)) as { name: string }[]).map(({ name }) => name);
}
