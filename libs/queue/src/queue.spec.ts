import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../../tests/support/database.ts';
import { Queues, type Queue } from './index.ts';

let queues: Queues;
let databaseUrl: string;
beforeAll(async () => {
  databaseUrl = await createTestDatabase();
  queues = new Queues({ service: 'test', databaseUrl, redisUrl: null });
});
afterAll(() => queues.close());

/** Works on a queue and lets a spec wait for the n-th handled id. */
function worker(
  queue: Queue,
  handle: (id: string) => Promise<void> = async () => undefined,
  concurrency = 1,
) {
  const handled: string[] = [];
  const errors: Error[] = [];
  let wake = () => undefined as void;
  queue.work(
    async (id) => {
      handled.push(id);
      wake();
      await handle(id);
    },
    {
      concurrency,
      onError: (error) => {
        errors.push(error);
        wake();
      },
    },
  );
  return {
    handled,
    errors,
    async until(done: () => boolean) {
      while (!done()) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

it('a ring wakes a worker with its id', async () => {
  const queue = queues.open('wake');
  const seen = worker(queue);
  await queue.ring('7c2d0f34-9f1e-4e0f-8a77-0d9f4f6c1a01');
  await seen.until(() => seen.handled.length === 1);
  expect(seen.handled).toEqual(['7c2d0f34-9f1e-4e0f-8a77-0d9f4f6c1a01']);
});

it('rings for an id that still waits are one ring', async () => {
  const queue = queues.open('once');
  await queue.ring('a');
  await queue.ring('a');
  await queue.ring('b');
  const seen = worker(queue);
  await seen.until(() => seen.handled.includes('b'));
  expect(seen.handled).toEqual(['a', 'b']);
});

it('an id whose work failed can be rung for again', async () => {
  const queue = queues.open('fail');
  let fails = true;
  const seen = worker(queue, async () => {
    if (fails) throw new Error('broken');
  });
  await queue.ring('a');
  await seen.until(() => seen.errors.length === 1);
  fails = false;
  await queue.ring('a');
  await seen.until(() => seen.handled.length === 2);
  expect(seen.errors.map(({ message }) => message)).toEqual(['broken']);
});

it('as many ids are worked on at once as the worker allows', async () => {
  const queue = queues.open('many');
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  const seen = worker(queue, () => released, 3);
  for (const id of ['a', 'b', 'c']) await queue.ring(id);
  await seen.until(() => seen.handled.length === 3);
  release();
  expect(seen.handled.toSorted()).toEqual(['a', 'b', 'c']);
});

it('a schedule rings again and again', async () => {
  const queue = queues.open('clock');
  const seen = worker(queue);
  await queue.every('tick', 50);
  await seen.until(() => seen.handled.length >= 3);
  expect(new Set(seen.handled)).toEqual(new Set(['tick']));
});

it('a service that opens the same database again finds what was rung for', async () => {
  const before = new Queues({ service: 'again', databaseUrl, redisUrl: null });
  await before.open('kept').ring('a');
  await before.close();
  const after = new Queues({ service: 'again', databaseUrl, redisUrl: null });
  const seen = worker(after.open('kept'));
  await seen.until(() => seen.handled.length === 1);
  expect(seen.handled).toEqual(['a']);
  await after.close();
});

describe('a Redis that is away', () => {
  it('is told to the one who rings, and does not keep the service from stopping', async () => {
    const away = new Queues({ service: 'away', databaseUrl, redisUrl: 'redis://127.0.0.1:1' });
    const queue = away.open('doorbell');
    worker(queue);
    await expect(queue.ring('a')).rejects.toThrow('The store of the queues does not answer');
    await away.close();
  });
});
