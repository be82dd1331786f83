import { createTestDatabase } from '@horde/testing/database';
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { Database, isOutage, isRetryable, openDatabase } from './index.ts';

const withCode = (code: string) => Object.assign(new Error('told by the server'), { code });
const caught = (work: Promise<unknown>) => work.then(String, (error: unknown) => error);

describe('an outage of the database is', () => {
  it.each([
    '08000',
    '08006',
    '08P01',
    '53000',
    '53100',
    '53200',
    '53300',
    '57P01',
    '57P02',
    '57P03',
    '57P05',
  ])('SQLSTATE %s', (code) => expect(isOutage(withCode(code))).toBe(true));

  it('a server that is not there', async () => {
    const client = new pg.Client({ connectionString: 'postgres://u@127.0.0.1:1/x' });
    expect(isOutage(await caught(client.connect()))).toBe(true);
  });

  it('a socket that is not there', async () => {
    const client = new pg.Client({ host: '/nowhere' });
    expect(isOutage(await caught(client.connect()))).toBe(true);
  });

  it('a connection that ends while something is asked', async () => {
    const dataSource = await openDatabase({
      service: 'test',
      url: await createTestDatabase(),
      entities: [],
      migrations: [],
    });
    const { manager } = new Database(dataSource);
    const ended = await caught(manager.query('select pg_terminate_backend(pg_backend_pid())'));
    expect(isOutage(ended)).toBe(true);
    await dataSource.destroy();
    expect(isOutage(await caught(manager.query('select 1')))).toBe(true);
  });
});

describe('no outage of the database is', () => {
  it.each(['22P05', '23505', '23514', '42601', '42P01', '22001', '54000', 'XX000'])('SQLSTATE %s', (code) =>
    expect([isOutage(withCode(code)), isRetryable(withCode(code))]).toEqual([false, false]),
  );

  it('a missing file, a mistake of our own, or something else that is thrown', async () => {
    const errors = [await caught(readFile('/nowhere')), new TypeError('x is undefined'), 'no', null];
    expect(errors.map(isOutage)).toEqual([false, false, false, false]);
  });
});

it.each(['40001', '40P01', '57014'])('what lost against something else (%s) may be done again', (code) =>
  expect([isOutage(withCode(code)), isRetryable(withCode(code))]).toEqual([false, true]),
);
