import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Queues, type Queue } from '../queue.ts';
import type { QueueSettings } from '../store.ts';

export interface StoreUnderTest {
  settings: Omit<QueueSettings, 'service'>;
  close(): Promise<void>;
}

/** Works on a queue and lets a spec wait for what was handled. */
export function worker(
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

/** The promises of `Queue`, checked. */
export function queueConformance(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`queues on ${name}`, () => {
    let store: StoreUnderTest;
    let queues: Queues;
    const process = (service: string) => new Queues({ service, ...store.settings });
    beforeAll(async () => {
      store = await open();
      queues = process('test');
    });
    afterAll(async () => {
      await queues.close();
      await store.close();
    });

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
      // No order is promised: an entry that is just being rung for again may be passed over for the next.
      await seen.until(() => seen.handled.includes('a') && seen.handled.includes('b'));
      await queue.ring('c');
      await seen.until(() => seen.handled.includes('c'));
      expect(seen.handled.toSorted()).toEqual(['a', 'b', 'c']);
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

    it('a ring with a delay comes after those without', async () => {
      const queue = queues.open('later');
      const seen = worker(queue);
      const started = performance.now();
      await queue.ring('later', 500);
      await queue.ring('now');
      await seen.until(() => seen.handled.length === 2);
      expect(seen.handled).toEqual(['now', 'later']);
      expect(performance.now() - started).toBeGreaterThan(490);
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

    it('of two processes one works on each ring', async () => {
      const [one, other] = [process('shared'), process('shared')];
      const seen = [worker(one.open('bell')), worker(other.open('bell'))];
      const ringer = one.open('bell');
      const ids = Array.from({ length: 30 }, (_, i) => `id ${i}`);
      for (const id of ids) await ringer.ring(id);
      const all = () => seen.flatMap(({ handled }) => handled);
      await Promise.race(seen.map((each) => each.until(() => all().length >= ids.length)));
      expect(all().toSorted()).toEqual(ids.toSorted());
      await Promise.all([one.close(), other.close()]);
    });

    it('a schedule rings again and again', async () => {
      const queue = queues.open('clock');
      const seen = worker(queue);
      await queue.every('tick', 50);
      await seen.until(() => seen.handled.length >= 3);
      expect(new Set(seen.handled)).toEqual(new Set(['tick']));
    });

    it('a schedule that nobody works on is refused', async () => {
      await expect(queues.open('nobody').every('tick', 50)).rejects.toThrow('would do nothing');
    });

    it('a schedule that two processes ask for rings once each time', async () => {
      const [one, other] = [process('clocks'), process('clocks')];
      const seen = [worker(one.open('clock')), worker(other.open('clock'))];
      await Promise.all([one.open('clock').every('tick', 200), other.open('clock').every('tick', 200)]);
      const all = () => seen.flatMap(({ handled }) => handled).length;
      await Promise.race(seen.map((each) => each.until(() => all() >= 1)));
      const from = performance.now();
      await Promise.race(seen.map((each) => each.until(() => all() >= 11)));
      // Ten more take two seconds, less what the first was late; of two schedules they would take one.
      expect(performance.now() - from).toBeGreaterThan(1_200);
      await Promise.all([one.close(), other.close()]);
    });

    it('a service that opens the same store again finds what was rung for', async () => {
      const before = process('again');
      await before.open('kept').ring('a');
      await before.close();
      const after = process('again');
      const seen = worker(after.open('kept'));
      await seen.until(() => seen.handled.length === 1);
      expect(seen.handled).toEqual(['a']);
      await after.close();
    });

    it('services never hear each other', async () => {
      const [one, other] = [process('one'), process('other')];
      const [ofOne, ofOther] = [one.open('bell'), other.open('bell')];
      const [seenByOne, seenByOther] = [worker(ofOne), worker(ofOther)];
      await ofOne.ring('a');
      await ofOther.ring('b');
      await Promise.all([seenByOne, seenByOther].map((each) => each.until(() => each.handled.length > 0)));
      expect([seenByOne.handled, seenByOther.handled]).toEqual([['a'], ['b']]);
      await Promise.all([one.close(), other.close()]);
    });
  });
}
