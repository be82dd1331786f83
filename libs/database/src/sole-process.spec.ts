import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createTestDatabase } from '@horde/testing/database';
import { openFaultProxy } from '@horde/testing/fault-proxy';
import { becomeSoleProcess, Database, DatabaseError, openDatabase } from './index.ts';

/** A process that wants the database to itself. */
function candidate(url: string) {
  const waits = Promise.withResolvers<void>();
  const lost = Promise.withResolvers<void>();
  const alone = becomeSoleProcess({
    service: 'miner',
    url,
    onWait: waits.resolve,
    onLost: lost.resolve,
    patience: 600,
  });
  return { alone, waits: waits.promise, lost: lost.promise };
}

/** Somebody who looks at the locks of a database. */
async function onlooker(url: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  const query = async <T>(sql: string) => (await client.query(sql)).rows as T[];
  return {
    query,
    holders: () =>
      query<{ pid: number }>(
        `select pid from pg_stat_activity join pg_locks using (pid)
         where application_name = 'miner (one process)' and locktype = 'advisory' and granted
           and datname = current_database()`,
      ),
  };
}

const endAll =
  'select pg_terminate_backend(pid) from pg_stat_activity where application_name ~ $$one process$$';

describe('the one process of a service', () => {
  it('waits until the one before has ended', async () => {
    const url = await createTestDatabase();
    const other = await onlooker(url);
    const before = new pg.Client({ connectionString: url });
    await before.connect();
    await before.query("select pg_advisory_lock(hashtext('process of miner'))");
    const { alone, waits } = candidate(url);
    await waits;
    expect(await other.holders()).toEqual([]);
    await before.end();
    await alone;
    expect(await other.holders()).toHaveLength(1);
  });

  it('takes its place again when its connection was lost', async () => {
    const url = await createTestDatabase();
    const { alone, lost } = candidate(url);
    await alone;
    let isLost = false;
    void lost.then(() => (isLost = true));
    const other = await onlooker(url);
    const [first] = await other.holders();
    await other.query(`${endAll} and datname = current_database()`);
    await expect.poll(async () => (await other.holders())[0]?.pid ?? first!.pid).not.toBe(first!.pid);
    expect(isLost).toBe(false);
  });

  it('is told when another has taken its place meanwhile', async () => {
    const url = await createTestDatabase();
    const first = candidate(url);
    await first.alone;
    const second = candidate(url);
    await second.waits;
    const other = await onlooker(url);
    const [{ pid }] = (await other.holders()) as [{ pid: number }];
    await other.query(`select pg_terminate_backend(${pid})`);
    await second.alone;
    await first.lost;
  });

  it('begins no transaction from the moment its connection is lost until it has its place again', async () => {
    const url = new URL(await createTestDatabase());
    const proxy = await openFaultProxy(Number(url.port));
    onTestFinished(() => proxy.close());
    const sole = await candidate(Object.assign(new URL(url), { port: proxy.port }).href).alone;
    const options = { service: 'miner', url: url.href, entities: [], migrations: [] };
    const database = new Database(await openDatabase(options), sole);
    onTestFinished(() => database.dataSource.destroy());
    const done: string[] = [];
    const write = (what: string) => database.transaction(async () => void done.push(what));
    await write('before');
    proxy.shut = true;
    proxy.cut();
    await expect.poll(() => sole.isInDoubt).toBe(true);
    const written = write('meanwhile');
    await expect.poll(() => proxy.refused).toBeGreaterThan(1);
    expect(done).toEqual(['before']);
    proxy.shut = false;
    await written;
    expect([done, sole.isInDoubt]).toEqual([['before', 'meanwhile'], false]);
  });

  it('begins no transaction any more when another has taken its place', async () => {
    const url = await createTestDatabase();
    const first = candidate(url);
    const sole = await first.alone;
    const second = candidate(url);
    await second.waits;
    const other = await onlooker(url);
    const [{ pid }] = (await other.holders()) as [{ pid: number }];
    await other.query(`select pg_terminate_backend(${pid})`);
    await second.alone;
    await expect.poll(() => sole.isInDoubt).toBe(true);
    await first.lost;
    expect(sole.isInDoubt).toBe(true);
  });

  it('doubts by itself when the server vanishes without a word', async () => {
    const url = new URL(await createTestDatabase());
    const proxy = await openFaultProxy(Number(url.port));
    onTestFinished(() => proxy.close());
    const sole = await candidate(Object.assign(new URL(url), { port: proxy.port }).href).alone;
    proxy.shut = true;
    proxy.blackhole();
    await expect.poll(() => sole.isInDoubt).toBe(true);
  });

  it('says why it cannot start without a database', async () => {
    const { alone } = candidate('postgres://u:secret@127.0.0.1:1/x');
    await expect(alone).rejects.toThrow(DatabaseError);
    await expect(alone).rejects.toThrow(/^The database of miner cannot be used: .*ECONNREFUSED/);
  });
});
