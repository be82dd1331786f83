import { connectionConfig } from '@horde/database';
import * as pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { endLine, headLine } from './backup-text.ts';

interface Column {
  table: string;
  column: string;
}

/**
 * All that a service has in its database, as it is at one moment, while the service goes on.
 *
 * @param url `postgres://user:password@host:port/database`
 * @throws what the server or the network says
 */
export async function* writeBackup(service: string, url: string): AsyncGenerator<Buffer, void> {
  const client = new pg.Client(
    connectionConfig({ url, name: `${service} (backup)`, schema: service, isPatient: true }),
  );
  await client.connect();
  try {
    await client.query('begin transaction isolation level repeatable read read only');
    const rows = async <T extends object>(sql: string) => (await client.query<T>(sql, [service])).rows;
    const [{ at }] = (await rows<{ at: Date }>('select now() as at, $1::text as service')) as [{ at: Date }];
    const { rows: done } = await client.query<{ name: string }>(
      `select name from ${service}.migrations order by id`,
    );
    yield Buffer.from(headLine({ service, at: at.toISOString(), migrations: done.map(({ name }) => name) }));
    const columns = Map.groupBy(await rows<Column>(columnsSql), ({ table }) => table);
    for (const table of inOrderOfReferences([...columns.keys()], await rows(referencesSql))) {
      const names = columns.get(table)!.map(({ column }) => quoted(column));
      const what = `${service}.${quoted(table)} (${names.join(', ')})`;
      yield Buffer.from(`COPY ${what} FROM stdin;\n`);
      for await (const chunk of client.query(copyTo(`copy ${what} to stdout`))) yield chunk as Buffer;
      yield Buffer.from('\\.\n');
    }
    for (const { sequence } of await rows<{ sequence: string }>(sequencesSql)) {
      const place = `${service}.${quoted(sequence)}`;
      const { rows: found } = await client.query<{ last_value: string; is_called: boolean }>(
        `select last_value, is_called from ${place}`,
      );
      const { last_value: value, is_called: isCalled } = found[0]!;
      yield Buffer.from(`SELECT setval('${place}', ${value}, ${isCalled});\n`);
    }
    yield Buffer.from(endLine);
  } finally {
    await client.end();
  }
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Of every table; the migrations are told in the head, and columns that are computed are computed again. */
const columnsSql = `
  select table_name as table, column_name as column from information_schema.columns
    join information_schema.tables using (table_schema, table_name)
  where table_schema = $1 and table_type = 'BASE TABLE' and is_generated = 'NEVER'
    and table_name not in ('migrations', 'needed_migration')
  order by table_name, ordinal_position`;

const referencesSql = `
  select source.relname as source, target.relname as target from pg_constraint
    join pg_class source on source.oid = conrelid join pg_class target on target.oid = confrelid
    join pg_namespace on pg_namespace.oid = source.relnamespace
  where contype = 'f' and nspname = $1 and source.oid <> target.oid`;

const sequencesSql = `
  select sequencename as sequence from pg_sequences
  where schemaname = $1 and sequencename <> 'migrations_id_seq' order by 1`;

/** Tables before those that refer to them. */
function inOrderOfReferences(tables: string[], references: { source: string; target: string }[]): string[] {
  const ordered = new Set<string>();
  const visit = (table: string, on: string[]): void => {
    if (ordered.has(table) || on.includes(table)) return;
    for (const { source, target } of references) if (source === table) visit(target, [...on, table]);
    ordered.add(table);
  };
  for (const table of tables) visit(table, []);
  return [...ordered];
}
