import type { FaultProxy } from '@horde/testing/fault-proxy';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../database.ts';
import type { Doorbell } from '../doorbell/doorbell.ts';

export interface DoorbellUnderTest {
  database: Database;
  /** A doorbell of a process of its own. */
  open: (service: string) => Doorbell;
  /** The way to the server that carries rings between processes. */
  proxy: FaultProxy;
  close(): Promise<void>;
}

/** The promises of `Doorbell`, checked. */
export function doorbellConformance(name: string, start: () => Promise<DoorbellUnderTest>): void {
  describe(`a doorbell on ${name}`, () => {
    let parts: DoorbellUnderTest;
    const opened: Doorbell[] = [];
    beforeAll(async () => void (parts = await start()));
    afterEach(async () => void (await Promise.all(opened.splice(0).map((doorbell) => doorbell.close()))));
    afterAll(() => parts.close());

    const process = (service = 'one') => {
      const doorbell = parts.open(service);
      opened.push(doorbell);
      return doorbell;
    };
    const ring = (doorbell: Doorbell, payload: string, channel = 'jobs') =>
      parts.database.transaction(async (tx) => doorbell.ring(tx, channel, payload));

    /** What is heard; resolves when the doorbell has been connected, as it rings everything then. */
    async function ear(doorbell: Doorbell, channel = 'jobs') {
      const heard: (string | null)[] = [];
      doorbell.on(channel, (payload) => heard.push(payload));
      await expect.poll(() => heard).toEqual([null]);
      heard.length = 0;
      return heard;
    }

    it('rings in all processes of the service', async () => {
      const [one, other] = [process(), process()];
      const heard = [await ear(one), await ear(other)];
      await ring(one, 'first line\nsecond line');
      await expect.poll(() => heard).toEqual([['first line\nsecond line'], ['first line\nsecond line']]);
    });

    it('rings in the process that rings as soon as it is committed, once', async () => {
      const [one, other] = [process(), process()];
      const [heard, heardByOther] = [await ear(one), await ear(other)];
      await parts.database.transaction(async (tx) => {
        one.ring(tx, 'jobs', 'a');
        one.ring(tx, 'jobs', 'b');
        expect(heard).toEqual([]);
      });
      expect(heard).toEqual(['a', 'b']);
      await ring(other, 'c');
      await expect.poll(() => heard).toEqual(['a', 'b', 'c']);
      await expect.poll(() => heardByOther.toSorted()).toEqual(['a', 'b', 'c']);
    });

    it('does not ring for what was rolled back', async () => {
      const [one, other] = [process(), process()];
      const heard = [await ear(one), await ear(other)];
      const undone = parts.database.transaction(async (tx) => {
        one.ring(tx, 'jobs', 'undone');
        throw new Error('no');
      });
      await expect(undone).rejects.toThrow('no');
      await ring(one, 'done');
      await expect.poll(() => heard).toEqual([['done'], ['done']]);
    });

    it('rings in its own channel and its own service only', async () => {
      const [one, other, stranger] = [process(), process(), process('two')];
      const heard = await ear(other);
      const elsewhere = [await ear(process(), 'miners'), await ear(stranger)];
      await ring(stranger, 'of another service');
      await ring(one, 'of another channel', 'workers');
      await ring(one, 'a');
      await expect.poll(() => heard).toEqual(['a']);
      expect(elsewhere).toEqual([[], ['of another service']]);
    });

    it('rings no more for a listener that has ended', async () => {
      const one = process();
      const heard = await ear(one);
      const ended: (string | null)[] = [];
      one.on('jobs', (payload) => ended.push(payload))();
      await ring(one, 'a');
      expect([heard, ended]).toEqual([['a'], []]);
    });

    it('rings for everything when its connection was lost and is there again', async () => {
      const [one, other] = [process(), process()];
      const heard = [await ear(one), await ear(other, 'miners')];
      parts.proxy.shut = true;
      parts.proxy.cut();
      await expect.poll(() => parts.proxy.refused).toBeGreaterThan(2);
      parts.proxy.shut = false;
      await expect.poll(() => heard).toEqual([[null], [null]]);
      await ring(other, 'a');
      await expect.poll(() => heard).toEqual([[null, 'a'], [null]]);
    });

    it('rings for everything when a server that had vanished is there again', async () => {
      const one = process();
      const heard = await ear(one);
      parts.proxy.blackhole();
      await expect.poll(() => heard).toEqual([null]);
    });

    it('stops at once while the server is away', async () => {
      const one = process();
      await ear(one);
      parts.proxy.blackhole();
      await one.close();
    });
  });
}
