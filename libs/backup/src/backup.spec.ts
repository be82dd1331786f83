import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { openDatabase, type DatabaseOptions } from '@horde/database';
import { createTestDatabase } from '@horde/testing/database';
import pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { beforeAll, describe, expect, it } from 'vitest';
import { UnreadableBackup } from './backup-text.ts';
import { makeKeys, seal, unseal } from './encryption.ts';
import { restoreBackup } from './restore-backup.ts';
import { writeBackup } from './write-backup.ts';

class Tables1795000000001 implements MigrationInterface {
  name = 'Tables1795000000001';
  up = async (runner: QueryRunner): Promise<void> => {
    await runner.query(`
      create type colour as enum ('red', 'blue');
      -- Tables that refer come before those they refer to, by name.
      create table z_parent (id int generated always as identity primary key, boss int references z_parent, name text not null);
      create table "a ""child""" (
        id bigserial primary key, parent int not null references z_parent on delete cascade,
        "na,me" text, bytes bytea, shape jsonb, at timestamptz, colours colour[], doubled bigint generated always as (id * 2) stored
      );
      create table of_migration (key text primary key);
      insert into of_migration values ('made by the migration');
    `);
  };
  down = async () => undefined;
}

class More1795000000002 implements MigrationInterface {
  name = 'More1795000000002';
  up = async (runner: QueryRunner): Promise<void> =>
    void (await runner.query(`alter table z_parent add more text not null default 'more'`));
  down = async () => undefined;
}

const options = (url: string, migrations = [Tables1795000000001]): DatabaseOptions => ({
  service: 'pump',
  url,
  entities: [],
  migrations,
});

async function sql<T extends object>(url: string, query: string, values: unknown[] = []): Promise<T[]> {
  const client = new pg.Client({ connectionString: url, options: '-c search_path=pump' });
  await client.connect();
  try {
    return (await client.query<T>(query, values)).rows;
  } finally {
    await client.end();
  }
}

const odd = ['\\.', 'a\nb\r\nc\ttab\\', '', '\\N', 'ünï "quoted" \u2028', null];
let full: string;
let backup: Buffer;

beforeAll(async () => {
  full = await createTestDatabase();
  await (await openDatabase(options(full))).destroy();
  await sql(full, `insert into z_parent (name) select 'parent ' || n from generate_series(1, 3) n`);
  await sql(full, 'update z_parent set boss = 3 where id = 1');
  for (const [at, text] of odd.entries())
    await sql(
      full,
      `insert into "a ""child""" (parent, "na,me", bytes, shape, at, colours) values ($1, $2, $3, $4, $5, '{red,blue}')`,
      [(at % 3) + 1, text, Buffer.from([0, 10, 92, 46, 255]), JSON.stringify({ text }), new Date(at)],
    );
  await sql(full, `update of_migration set key = 'changed since'`);
  backup = await buffer(writeBackup('pump', full));
});

const opened =
  (bytes: Buffer, size = 7) =>
  async () =>
    inPieces(bytes, size);
async function* inPieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function contents(url: string): Promise<unknown> {
  return {
    parents: await sql(url, 'select * from z_parent order by id'),
    children: await sql(url, 'select * from "a ""child""" order by id'),
    ofMigration: await sql(url, 'select * from of_migration'),
  };
}

describe('a backup', () => {
  it('is restored into an empty database with every value, and numbers go on after it', async () => {
    const url = await createTestDatabase();
    const { rows, at } = await restoreBackup(opened(backup), options(url));
    expect(rows).toEqual({ 'a "child"': odd.length, of_migration: 1, z_parent: 3 });
    expect(Math.abs(Date.now() - Date.parse(at))).toBeLessThan(3_600_000);
    expect(await contents(url)).toEqual(await contents(full));
    expect(await sql(url, `insert into z_parent (name) values ('next') returning id`)).toEqual([{ id: 4 }]);
    expect(await sql(url, `insert into "a ""child""" (parent) values (1) returning id`)).toEqual([
      { id: String(odd.length + 1) },
    ]);
  });

  it('is of one moment, whatever is written meanwhile', async () => {
    const pieces = writeBackup('pump', full);
    const first = (await pieces.next()).value as Buffer;
    await sql(full, `insert into z_parent (name) values ('too late')`);
    const whole = Buffer.concat([first, await buffer(pieces)]);
    await sql(full, `delete from z_parent where name = 'too late'`);
    expect(whole.toString()).not.toContain('too late');
  });

  it('of an earlier version is brought up to date', async () => {
    const url = await createTestDatabase();
    await restoreBackup(opened(backup), options(url, [Tables1795000000001, More1795000000002]));
    expect(await sql(url, 'select distinct more from z_parent')).toEqual([{ more: 'more' }]);
  });

  it('is a text that psql reads: nothing else is in it than rows and counters', () => {
    const lines = backup.toString().split('\n');
    expect(lines[0]).toMatch(/^-- horde backup 1 \{"service":"pump"/);
    expect(lines.filter((line) => /^(COPY|SELECT) /.test(line))).toEqual([
      expect.stringMatching(/^COPY pump\."z_parent" /),
      expect.stringMatching(/^COPY pump\."a ""child""" /),
      expect.stringMatching(/^COPY pump\."of_migration" /),
      `SELECT setval('pump."a ""child""_id_seq"', ${odd.length}, true);`,
      expect.stringMatching(/^SELECT setval\('pump\."z_parent_id_seq"', \d+, true\);$/),
    ]);
  });
});

describe('a backup is refused, and nothing is changed', () => {
  const lines = () => backup.toString().split('\n');
  const refused = async (bytes: Buffer, why: string, into = options('')) => {
    const url = await createTestDatabase();
    await expect(restoreBackup(opened(bytes, 50), { ...into, url })).rejects.toThrow(why);
    expect(await sql(url, `select 1 from information_schema.schemata where schema_name = 'pump'`)).toEqual(
      [],
    );
  };

  it('that is none, or of a kind to come', async () => {
    await refused(Buffer.from('PK'), 'no backup of ours');
    await refused(Buffer.alloc(0), 'no backup of ours');
    await refused(Buffer.from('-- horde backup 2 {}\n'), 'kind 2');
  });

  it('that was cut anywhere', async () => {
    for (const left of [0.3, 0.6, 0.9])
      await refused(backup.subarray(0, backup.length * left), 'the rest was lost');
    await refused(backup.subarray(0, -'-- end\n'.length), 'the rest was lost');
  });

  it('that says more than a backup does', async () => {
    const with_ = (line: string) => Buffer.from([...lines().slice(0, -2), line, '-- end', ''].join('\n'));
    await refused(with_('DROP TABLE z_parent;'), 'does not');
    await refused(with_(`SELECT setval('other."x"', 1, true);`), 'does not');
    await refused(with_(`COPY pump."x" ("a") FROM PROGRAM 'id';`), 'does not');
  });

  it('of another service, and of a newer version', async () => {
    await refused(backup, 'of the pump, not of the well', { ...options(''), service: 'well' });
    await refused(backup, 'by a newer version (Tables1795000000001)', options('', []));
  });

  it('where the service has records, unless they are to be replaced', async () => {
    const url = await createTestDatabase();
    await (await openDatabase(options(url))).destroy();
    await sql(url, `insert into z_parent (name) values ('mine')`);
    await expect(restoreBackup(opened(backup), options(url))).rejects.toThrow(
      'has records in this database already',
    );
    expect(await sql(url, 'select name from z_parent')).toEqual([{ name: 'mine' }]);
    const cut = opened(backup.subarray(0, -20));
    await expect(restoreBackup(cut, options(url), { replace: true })).rejects.toThrow(UnreadableBackup);
    expect(await sql(url, 'select name from z_parent')).toEqual([{ name: 'mine' }]);
    await restoreBackup(opened(backup), options(url), { replace: true });
    expect(await contents(url)).toEqual(await contents(full));
  });

  it('while the service runs', async () => {
    const url = await createTestDatabase();
    const running = await openDatabase(options(url));
    await running.query('select 1');
    await expect(restoreBackup(opened(backup), options(url), { replace: true })).rejects.toThrow(
      'stop it first',
    );
    await running.destroy();
  });
});

describe('what is encrypted', () => {
  it('comes back with the key, and with no other', async () => {
    const [mine, other] = [await makeKeys(), await makeKeys()];
    const sealed = await buffer(await seal(inPieces(backup, 1000), [mine.recipient, other.recipient]));
    for (const { identity } of [mine, other])
      expect(await buffer(await unseal(Readable.from([sealed]), identity))).toEqual(backup);
    const { identity } = await makeKeys();
    await expect(unseal(Readable.from([sealed]), identity)).rejects.toThrow(
      'cannot be decrypted with this key',
    );
    expect(sealed.includes('parent')).toBe(false);
  });

  it('is refused where it was cut or changed', async () => {
    const { identity, recipient } = await makeKeys();
    const sealed = await buffer(await seal(inPieces(backup, 1000), [recipient]));
    const read = async (bytes: Buffer) => buffer(await unseal(Readable.from([bytes]), identity));
    const changed = Buffer.from(sealed);
    changed[changed.length - 20]! ^= 1;
    for (const bytes of [
      sealed.subarray(0, -1),
      sealed.subarray(0, 300),
      changed,
      Buffer.from('no age file'),
    ])
      await expect(read(bytes), 'refused').rejects.toThrow(/./);
  });
});
