import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { connectionConfig, openDatabase, type DatabaseOptions } from '@horde/database';
import * as pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { BackupText, UnreadableBackup, type BackupHead } from './backup-text.ts';
import { quoted } from './write-backup.ts';

export interface RestoreOptions {
  /** What the service has in the database already is removed. Without it such a database is refused. */
  replace?: boolean;
}

/**
 * Puts a backup into a database, all of it or nothing: it is read to its end before anything is changed. The tables are
 * made as they were when it was written, filled, and then brought up to date as at any start.
 *
 * @param open gives the backup from its beginning, as it was before it was compressed and encrypted
 * @param database the service's own options
 * @returns what was restored, with how many rows each table has
 * @throws UnreadableBackup, DatabaseError, or what the server says
 */
export async function restoreBackup(
  open: () => Promise<AsyncIterable<Uint8Array>>,
  database: DatabaseOptions,
  { replace = false }: RestoreOptions = {},
): Promise<BackupHead & { rows: Record<string, number> }> {
  const { service, url, migrations } = database;
  const head = await readToItsEnd(new BackupText(await open()), database);
  const client = new pg.Client(connectionConfig({ url, name: `${service} (restore)`, isPatient: true }));
  await client.connect();
  try {
    await refuseRunning(client, service);
    if (replace) await client.query(`drop schema if exists ${service} cascade`);
    else await refuseUsed(client, service);
    const asThen = migrations.filter(({ name }) => head.migrations.includes(name));
    await (await openDatabase({ ...database, migrations: asThen })).destroy();
    const backup = new BackupText(await open());
    await backup.head();
    const rows = await fill(backup, service, client);
    await (await openDatabase(database)).destroy();
    return { ...head, rows };
  } finally {
    await client.end();
  }
}

async function readToItsEnd(
  backup: BackupText,
  { service, migrations }: DatabaseOptions,
): Promise<BackupHead> {
  const head = await backup.head();
  if (head.service !== service)
    throw new UnreadableBackup(`It is of the ${head.service}, not of the ${service}.`);
  const unknown = head.migrations.filter((name) => !migrations.some((one) => one.name === name));
  if (unknown.length > 0)
    throw new UnreadableBackup(
      `It was written by a newer version (${unknown.join(', ')}). Restore it with that one.`,
    );
  for await (const part of backup.parts(service)) if (part.kind === 'rows') for await (const _ of part.lines);
  return head;
}

/** It would write between the rows of the backup. */
async function refuseRunning(client: pg.Client, service: string): Promise<void> {
  const { rowCount } = await client.query(
    'select from pg_stat_activity where datname = current_database() and application_name = $1',
    [service],
  );
  if (rowCount) throw new UnreadableBackup(`The ${service} runs on this database: stop it first.`);
}

async function refuseUsed(client: pg.Client, service: string): Promise<void> {
  for (const name of await tablesOf(client, service)) {
    const { rowCount } = await client.query(`select from ${service}.${quoted(name)} limit 1`);
    if (rowCount)
      throw new UnreadableBackup(
        `The ${service} has records in this database already (${name}). To have them replaced by the backup: --replace.`,
      );
  }
}

async function fill(backup: BackupText, service: string, client: pg.Client): Promise<Record<string, number>> {
  const rows: Record<string, number> = {};
  await client.query('begin');
  // What a migration has put into its tables is in the backup.
  const filled = await tablesOf(client, service);
  if (filled.length > 0)
    await client.query(`truncate ${filled.map((name) => `${service}.${quoted(name)}`).join(', ')}`);
  for await (const part of backup.parts(service)) {
    if (part.kind === 'rows') {
      const columns = part.columns.map(quoted).join(', ');
      const into = client.query(copyFrom(`copy ${service}.${quoted(part.table)} (${columns}) from stdin`));
      await pipeline(Readable.from(inLargerPieces(part.lines)), into);
      rows[part.table] = into.rowCount;
    } else {
      const { sequence, value, isCalled } = part;
      await client.query('select setval($1::text::regclass, $2::bigint, $3)', [
        `${service}.${quoted(sequence)}`,
        value,
        isCalled,
      ]);
    }
  }
  await client.query('commit');
  return rows;
}

async function tablesOf(client: pg.Client, service: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select table_name as name from information_schema.tables
     where table_schema = $1 and table_type = 'BASE TABLE' and table_name not in ('migrations', 'needed_migration')`,
    [service],
  );
  return rows.map(({ name }) => name);
}

const piece = 64 * 1024;

async function* inLargerPieces(lines: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let gathered: Buffer[] = [];
  let size = 0;
  for await (const line of lines) {
    gathered.push(line);
    size += line.length;
    if (size < piece) continue;
    yield Buffer.concat(gathered);
    [gathered, size] = [[], 0];
  }
  if (size > 0) yield Buffer.concat(gathered);
}
