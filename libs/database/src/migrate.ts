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
    await lock.query('select pg_advisory_lock(hashtext($1))', [`migrations of ${service}`]);
    await refuseNewerSchema(
      lock,
      service,
      migrations.map(({ name }) => name),
    );
    await dataSource.runMigrations();
    await noteNeeded(lock, service, migrations);
  } finally {
    await lock.query('select pg_advisory_unlock(hashtext($1))', [`migrations of ${service}`]);
    await lock.release();
  }
}

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
  const needed = migrations.flatMap((migration) => {
    const { replacedBy } = new migration() as Partial<ContractingMigration>;
    return replacedBy ?? [];
  });
  await runner.query(
    `insert into ${service}.needed_migration select unnest($1::text[]) on conflict do nothing`,
    [needed],
  );
}

async function namesIn(runner: QueryRunner, table: string): Promise<string[]> {
  if (!(await runner.hasTable(table))) return [];
  return ((await runner.query(`select name from ${table}`)) as { name: string }[]).map(({ name }) => name);
}
