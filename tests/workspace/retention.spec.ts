import { createTestDatabase } from '@horde/testing/database';
import pg from 'pg';
import { expect, it } from 'vitest';
import { commonFolders, commonTables, services } from '../../tools/retention/services.ts';

it.each(services)(
  'how long it stays is said of every table of the $service, and by which setting',
  async ({ service, tables, folders, variables, databaseOptions }) => {
    const client = new pg.Client({ connectionString: await createTestDatabase(databaseOptions) });
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = $1 and table_type = 'BASE TABLE'`,
      [service],
    );
    await client.end();
    const there = rows.map(({ name }) => name);
    expect(there.filter((name) => !(name in tables) && !(name in commonTables))).toEqual([]);
    expect(Object.keys(tables).filter((name) => !there.includes(name))).toEqual([]);
    const settings = Object.values({ ...tables, ...folders, ...commonFolders }).flatMap(
      ({ setting }) => setting ?? [],
    );
    expect(settings.filter((name) => !variables.includes(name))).toEqual([]);
  },
);
