import { Conditions, Database, openDatabase } from '@horde/database';
import { ParameterReader } from '@horde/rest';
import { createTestDatabase } from '@horde/testing/database';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listRows, readPiece } from './rows-behind.ts';

let database: Database;
beforeAll(async () => {
  const url = await createTestDatabase();
  database = new Database(await openDatabase({ service: 'lists', url, entities: [], migrations: [] }));
  await database.manager.query(
    `create table sighting as select number as id, now() - (number / 3) * interval '1 hour' as at, number % 60 as kind
     from generate_series(1, 3000) number`,
  );
});
afterAll(() => database.dataSource.destroy());

const sightings = { columns: 'id', from: 'sighting', order: { at: 'timestamptz', id: 'integer' } };

function piece(cursor: string | null, kind: number | null = null, size = 3) {
  const conditions = new Conditions();
  conditions.add(kind, (value) => `kind = ${value}`);
  const query = new URLSearchParams({ page_size: String(size), ...(cursor !== null && { cursor }) });
  return listRows<{ id: number }>(database, sightings, conditions, readPiece(new ParameterReader(query)));
}

it.each([
  ['few', 1, 3, 50],
  ['many', null, 100, 3000],
])(
  'a list of %s rows is read piece by piece, each row once, also where several are of one moment',
  async (_many, kind, size, rows) => {
    const seen: number[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { results, next, count, is_estimate } = await piece(cursor, kind, size);
      expect([count, is_estimate]).toEqual([rows, false]);
      seen.push(...results.map(({ id }) => id));
      cursor = next;
    }
    const { manager } = database;
    const all: { id: number }[] = await manager.query(
      'select id from sighting where $1::int is null or kind = $1 order by at desc, id desc',
      [kind],
    );
    expect(seen).toEqual(all.map(({ id }) => id));
  },
);

it('more than 10,000 rows are estimated, which is said, and no more than that are counted', async () => {
  const { manager } = database;
  await manager.query(
    'create table flock as select number as id, now() as at from generate_series(1, 20000) number',
  );
  await manager.query('analyze flock');
  const flock = { columns: 'id', from: 'flock', order: { at: 'timestamptz', id: 'integer' } };
  const countTo = async (most: number) => {
    const conditions = new Conditions();
    conditions.add(most, (value) => `id <= ${value}`);
    const { count, is_estimate } = await listRows(database, flock, conditions, { cursor: null, size: 1 });
    return { count, is_estimate };
  };
  expect(await countTo(10_000)).toEqual({ count: 10_000, is_estimate: false });
  const { count, is_estimate } = await countTo(20_000);
  expect(is_estimate).toBe(true);
  expect(Math.abs(count - 20_000)).toBeLessThan(1_000);
});

it('a list that has no rows ends at once', async () => {
  expect(await piece(null, 60)).toEqual({ results: [], next: null, count: 0, is_estimate: false });
});

it('a list whose rows are not found in time says so in a sentence', async () => {
  const slow = new Conditions();
  slow.add(60, (seconds) => `pg_sleep(${seconds}) is not null`);
  const list = listRows(database, sightings, slow, { cursor: null, size: 3 });
  await expect(list).rejects.toMatchObject({
    status: 503,
    body: {
      detail:
        'The database does not find these within 5 seconds. Leave out a filter, or take one that fewer have.',
    },
  });
  expect((await piece(null, 1)).count).toBe(50);
});

const made = (...values: unknown[]) => Buffer.from(JSON.stringify(values)).toString('base64url');

it.each([
  ['nonsense', 'nonsense'],
  ['of another list', made('1')],
  ['with values of other types', made('yesterday', '1; drop table sighting')],
  ['with no texts', made(1, 2)],
  ['with a zero byte', made('\0', '1')],
])('a cursor that is %s is refused', async (_what, cursor) => {
  await expect(piece(cursor)).rejects.toMatchObject({ status: 400 });
});
