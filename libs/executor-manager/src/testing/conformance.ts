import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExecutorHandle, ExecutorManager, StartExecutor } from '../executor-manager.ts';

/** What an executor of the suite does: end with code 3, clean up on SIGTERM, ignore SIGTERM, or leave a child behind. */
export type Behaviour = 'exit' | 'polite' | 'stubborn' | 'parent';

export interface ManagerUnderTest {
  /** A manager of its own; several stand for several lives of one miner. */
  create(): ExecutorManager;
  /** A token with which an executor behaves so. */
  token(behaviour: Behaviour): string;
  /** Resolves when the executor of this token has come up. */
  up(token: string): Promise<void>;
  /** How many processes or containers of this token run. */
  running(token: string): Promise<number>;
  /** Whether the executor of this token was given the chance to clean up. */
  cleanedUp(token: string): Promise<boolean>;
  /** Starts an executor that cannot be started. */
  broken(): ExecutorManager;
  close(): Promise<void>;
}

const never = () => new AbortController().signal;

/** The promises of `ExecutorManager`, checked. */
export function executorManagerConformance(name: string, open: () => Promise<ManagerUnderTest>): void {
  describe(`${name} keeps the promises of an executor manager`, () => {
    let under: ManagerUnderTest;
    let manager: ExecutorManager;
    const request = (token: string): StartExecutor => ({
      token,
      jobUuid: '7c2d0f34-9f1e-4e0f-8a77-0d9f4f6c1a01',
      executorClass: 'always_on.test',
      minerAddress: 'ws://127.0.0.1:9',
      startupTimeLimit: 5,
    });
    const started: ExecutorHandle[] = [];
    const start = async (behaviour: Behaviour) => {
      const token = under.token(behaviour);
      const handle = await manager.start(request(token), never());
      started.push(handle);
      await under.up(token);
      return { token, handle };
    };

    beforeEach(async () => {
      under = await open();
      manager = under.create();
    });

    afterEach(async () => {
      await Promise.all(started.splice(0).map((handle) => manager.stop(handle, 0)));
      await under.close();
    });

    it('offers at least one executor', async () => {
      expect(Object.values(await manager.manifest()).some((count) => count > 0)).toBe(true);
    });

    it('a handle is plain data', async () => {
      const { handle } = await start('polite');
      expect(JSON.parse(JSON.stringify(handle))).toEqual(handle);
    });

    it('a start that fails leaves nothing behind', async () => {
      const token = under.token('polite');
      await expect(under.broken().start(request(token), never())).rejects.toThrow(Error);
      expect(await under.running(token)).toBe(0);
    });

    it('a start that was called off leaves nothing behind', async () => {
      const token = under.token('polite');
      const calledOff = new AbortController();
      const starting = manager.start(request(token), calledOff.signal);
      calledOff.abort(new Error('called off'));
      await expect(starting).rejects.toThrow('called off');
      expect(await under.running(token)).toBe(0);
    });

    it('wait tells the exit code, also when it is asked after the end', async () => {
      const { handle } = await start('exit');
      expect(await manager.wait(handle, never())).toEqual({ code: 3 });
      expect(await manager.recover(handle)).toBe('gone');
      expect((await manager.wait(handle, never())).code).toBeOneOf([3, null]);
    });

    it('wait can be called off', async () => {
      const { handle } = await start('polite');
      const calledOff = new AbortController();
      const waiting = manager.wait(handle, calledOff.signal);
      calledOff.abort(new Error('called off'));
      await expect(waiting).rejects.toThrow('called off');
      expect(await manager.recover(handle)).toBe('running');
    });

    it('the next miner finds a running executor again, waits for it and stops it', async () => {
      const { token, handle } = await start('polite');
      const next = under.create();
      const stored = JSON.parse(JSON.stringify(handle)) as ExecutorHandle;
      expect(await next.recover(stored)).toBe('running');
      const ended = next.wait(stored, never());
      await next.stop(stored, 5_000);
      await ended;
      expect(await next.recover(stored)).toBe('gone');
      expect(await under.running(token)).toBe(0);
    });

    it('stop lets the executor clean up, and may be called again', async () => {
      const { token, handle } = await start('polite');
      await manager.stop(handle, 5_000);
      expect(await under.cleanedUp(token)).toBe(true);
      await manager.stop(handle, 5_000);
      expect(await manager.recover(handle)).toBe('gone');
    });

    it('an executor that does not stop within its grace is ended', async () => {
      const { token, handle } = await start('stubborn');
      await manager.stop(handle, 100);
      expect(await under.running(token)).toBe(0);
    });

    it('what an executor started is ended with it', async () => {
      const { token, handle } = await start('parent');
      expect(await under.running(token)).toBe(2);
      await manager.stop(handle, 100);
      expect(await under.running(token)).toBe(0);
    });
  });
}
