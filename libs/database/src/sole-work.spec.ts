import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { createTestDatabase } from '@horde/testing/database';
import { soleWork } from './index.ts';

/** A process that wants to do the work, until it is told to stop. */
function candidate(url: string, name = 'work') {
  const stop = new AbortController();
  const begun = Promise.withResolvers<AbortSignal>();
  const waits = Promise.withResolvers<void>();
  const work = async (held: AbortSignal) => {
    begun.resolve(held);
    await new Promise((resolve) => held.addEventListener('abort', resolve, { once: true }));
  };
  const done = soleWork({ service: 'test', url, name, signal: stop.signal, work, onWait: waits.resolve });
  onTestFinished(() => stop.abort());
  return { begun: begun.promise, waits: waits.promise, done, stop: () => stop.abort() };
}

it('a work is done by one process, and by the next when that one stops, or its connection is lost', async () => {
  const url = await createTestDatabase();
  const first = candidate(url);
  await first.begun;
  await candidate(url, 'other work').begun;
  const second = candidate(url);
  await second.waits;
  first.stop();
  await first.done;
  const held = await second.begun;
  const third = candidate(url);
  const fourth = candidate(url);
  await Promise.all([third.waits, fourth.waits]);
  fourth.stop();
  await fourth.done;
  expect(held.aborted).toBe(false);
  const onlooker = new pg.Client({ connectionString: url });
  await onlooker.connect();
  onTestFinished(() => onlooker.end());
  await onlooker.query(
    `select pg_terminate_backend(pid) from pg_locks join pg_stat_activity using (pid)
     where locktype = 'advisory' and application_name = 'test (work)' and datname = current_database()`,
  );
  await second.done;
  expect(held.aborted).toBe(true);
  await third.begun;
  third.stop();
  await third.done;
});

it('what a work, or the database, says is told', async () => {
  const options = {
    service: 'test',
    name: 'work',
    signal: new AbortController().signal,
    onWait: () => undefined,
  };
  const url = await createTestDatabase();
  const failing = soleWork({ ...options, url, work: () => Promise.reject(new Error('no')) });
  await expect(failing).rejects.toThrow('no');
  await candidate(url).begun;
  const work = () => Promise.resolve();
  await expect(soleWork({ ...options, url: 'postgres://u@127.0.0.1:1/x', work })).rejects.toThrow(
    'ECONNREFUSED',
  );
});
