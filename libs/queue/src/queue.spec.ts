import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { createTestDatabase } from '@horde/testing/database';
import { openFaultProxy } from '@horde/testing/fault-proxy';
import { because } from '@horde/testing/missing';
import { Queues } from './index.ts';
import { queueConformance, worker } from './testing/conformance.ts';
import { missingRedis, startRedis } from '@horde/testing/redis';

queueConformance('Postgres', async () => ({
  settings: { databaseUrl: await createTestDatabase(), redisUrl: null },
  close: async () => undefined,
}));

describe.skipIf(missingRedis !== null)(`with a real Redis${because(missingRedis)}`, () => {
  queueConformance('Redis', async () => {
    const redis = await startRedis();
    return { settings: { databaseUrl: '', redisUrl: redis.url }, close: () => redis.stop() };
  });

  it('that is lost with all it held, schedules go on when there is one again', async () => {
    const redis = await startRedis();
    const queues = new Queues({ service: 'test', databaseUrl: '', redisUrl: redis.url });
    const queue = queues.open('clock');
    const seen = worker(queue);
    await queue.every('tick', 50);
    await seen.until(() => seen.handled.length >= 1);
    const next = await redis.replace();
    const before = seen.handled.length;
    await seen.until(() => seen.handled.length >= before + 2);
    await queues.close();
    await next.stop();
  });
});

it('schedules go on after a Postgres that was away, also those whose entry a worker was just being given', async () => {
  const url = new URL(await createTestDatabase());
  const proxy = await openFaultProxy(Number(url.port));
  const databaseUrl = Object.assign(new URL(url), { port: proxy.port }).href;
  const queues = new Queues({ service: 'test', databaseUrl, redisUrl: null });
  const clocks: ReturnType<typeof worker>[] = [];
  for (let i = 0; i < 12; i++) {
    const queue = queues.open(`clock ${i}`);
    clocks.push(worker(queue));
    await queue.every('tick', 30);
  }
  const go = () =>
    Promise.all(
      clocks.map(({ handled, until }) => {
        const enough = handled.length + 3;
        return until(() => handled.length >= enough);
      }),
    );
  await go();
  // About one of them loses the answer that gives its worker the entry: nobody knows of that then.
  proxy.shut = true;
  proxy.cut();
  await expect.poll(() => proxy.refused).toBeGreaterThan(clocks.length);
  proxy.shut = false;
  await go();
  await queues.close();
  proxy.close();
}, 45_000);

it('a schedule whose next entry was lost goes on', async () => {
  const databaseUrl = await createTestDatabase();
  const queues = new Queues({ service: 'lost', databaseUrl, redisUrl: null });
  const queue = queues.open('clock');
  const seen = worker(queue);
  await queue.every('tick', 300);
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const lose = "DELETE FROM lost_queue.job WHERE state = 'delayed'";
  await expect.poll(async () => (await client.query(lose)).rowCount, { interval: 1 }).toBe(1);
  await client.end();
  const before = seen.handled.length;
  await seen.until(() => seen.handled.length >= before + 3);
  await queues.close();
});

describe('a Redis that is away', () => {
  it('is told to the one who rings, and does not keep the service from stopping', async () => {
    const away = new Queues({ service: 'away', databaseUrl: '', redisUrl: 'redis://:secret@127.0.0.1:1' });
    const queue = away.open('doorbell');
    worker(queue);
    await expect(queue.ring('a')).rejects.toThrow(
      'The Redis of the queues (127.0.0.1:1) does not answer within 15 s.',
    );
    await away.close();
  });

  it('is told by one of the queues, not by each of them', async () => {
    const away = new Queues({ service: 'away', databaseUrl: '', redisUrl: 'redis://127.0.0.1:1' });
    const names = ['one', 'two', 'three'];
    const seen = names.map((name) => worker(away.open(name)));
    const errors = () => seen.flatMap((each) => each.errors.map(({ message }) => message));
    // Ten seconds lie between the first and the second.
    await Promise.race(seen.map((each) => each.until(() => errors().length > 1)));
    const complaint = expect.stringMatching(/^The queues cannot be worked on \(.*ECONNREFUSED.*\)/) as string;
    expect(errors()).toEqual([complaint, complaint]);
    await away.close();
  });
});
