import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NoFreeSlot } from '../base-executor-manager.ts';
import type { ExecutorHandle, ExecutorManager, StartExecutor } from '../executor-manager.ts';

/**
 * What an executor of the suite does, by the first word of its token: end with code 3, clean up on SIGTERM, ignore
 * SIGTERM, leave a job behind, or end with code 7 after a few seconds.
 */
export type Behaviour = 'exit' | 'polite' | 'stubborn' | 'parent' | 'brief';

export interface ManagerUnderTest {
  /** A manager of three executors of class `always_on.test`; several stand for several lives of one miner. */
  create(): ExecutorManager | Promise<ExecutorManager>;
  /** As `create`, but the executors cannot be started. */
  broken(): ExecutorManager | Promise<ExecutorManager>;
  /** What the executor of this token has noted. */
  notes(token: string): Promise<string>;
  /** How many processes or containers of this token run. */
  running(token: string): Promise<number>;
  /** Ends the executor alone, at once, without the manager. */
  kill(token: string): Promise<void>;
  close(): Promise<void>;
}

export const token = (behaviour: Behaviour): string => `${behaviour}-${randomUUID()}`;

export const request = (of: string): StartExecutor => ({
  token: of,
  jobUuid: '7c2d0f34-9f1e-4e0f-8a77-0d9f4f6c1a01',
  executorClass: 'always_on.test',
  minerAddress: 'ws://127.0.0.1:9',
  startupTimeLimit: 5,
});

export interface Started {
  pid: number;
  argv: string[];
  environment: Record<string, string>;
}

/** What the executor of this token was started with, once it has come up. */
export async function up(under: Pick<ManagerUnderTest, 'notes'>, of: string): Promise<Started> {
  const line = async () => /^\{.*\}$/m.exec(await under.notes(of))?.[0];
  await expect.poll(line).toBeDefined();
  return JSON.parse((await line())!) as Started;
}

export const never = () => new AbortController().signal;
const stored = (handle: ExecutorHandle) => JSON.parse(JSON.stringify(handle)) as ExecutorHandle;

/** The promises of `ExecutorManager`, checked. */
export function executorManagerConformance(name: string, open: () => Promise<ManagerUnderTest>): void {
  describe(`${name} keeps the promises of an executor manager`, () => {
    let under: ManagerUnderTest;
    let manager: ExecutorManager;
    const managers: ExecutorManager[] = [];
    const started: ExecutorHandle[] = [];
    const create = async (make = () => under.create()) => {
      const made = await make();
      managers.push(made);
      return made;
    };
    const start = async (behaviour: Parameters<typeof token>[0]) => {
      const of = token(behaviour);
      const handle = await manager.start(request(of), never());
      started.push(handle);
      await up(under, of);
      return { token: of, handle };
    };

    beforeEach(async () => {
      under = await open();
      manager = await create();
    });

    afterEach(async () => {
      await Promise.all(started.splice(0).map((handle) => manager.stop(handle, 0)));
      await Promise.all(managers.splice(0).map(async (one) => one.close?.()));
      await under.close();
    });

    it('offers its executors', async () => {
      expect(await manager.manifest()).toEqual({ 'always_on.test': 3 });
      const hosts = (await manager.hosts?.()) ?? [];
      expect(hosts.filter(({ trouble }) => trouble !== null)).toEqual([]);
      if (manager.hosts) expect(hosts.reduce((sum, { executors }) => sum + executors, 0)).toBe(3);
    });

    it('a handle is plain data', async () => {
      const { handle } = await start('polite');
      expect(stored(handle)).toEqual(handle);
    });

    it('of a hundred starts at once as many succeed as it offers, and as many again when those are gone', async () => {
      for (const round of ['first', 'second']) {
        const tokens = Array.from({ length: 100 }, () => token('polite'));
        const starts = await Promise.allSettled(tokens.map((of) => manager.start(request(of), never())));
        const handles = starts.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
        started.push(...handles);
        const refusals = starts.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
        expect([round, handles.length, refusals.length]).toEqual([round, 3, 97]);
        expect(refusals.every((reason) => reason instanceof NoFreeSlot)).toBe(true);
        await Promise.all(handles.map((handle) => manager.stop(handle, 0)));
      }
    });

    it('has no executor of a class that it does not offer', async () => {
      const other = { ...request(token('polite')), executorClass: 'always_on.llm.a6000' as const };
      await expect(manager.start(other, never())).rejects.toThrow(NoFreeSlot);
    });

    it('a start that fails leaves nothing behind, and holds nothing', async () => {
      const broken = await create(() => under.broken());
      for (let count = 0; count < 4; count++) {
        const of = token('polite');
        const refusal = await broken.start(request(of), never()).catch((error: unknown) => error);
        expect(refusal).toBeInstanceOf(Error);
        expect(refusal).not.toBeInstanceOf(NoFreeSlot);
        expect(await under.running(of)).toBe(0);
      }
    });

    it('a start that was called off leaves nothing behind', async () => {
      const of = token('polite');
      const calledOff = new AbortController();
      const starting = manager.start(request(of), calledOff.signal);
      calledOff.abort(new Error('called off'));
      await expect(starting).rejects.toThrow('called off');
      expect(await under.running(of)).toBe(0);
    });

    it('a start that takes longer than it may leaves nothing behind', async () => {
      const of = token('polite');
      const starting = manager.start({ ...request(of), timeLimit: 1 }, never());
      // The machine may have been quicker.
      const handle = await starting.catch((error: Error) => error.message);
      if (typeof handle === 'string') {
        expect(handle).toBe('The executor was not started within 0.001 s.');
        expect(await under.running(of)).toBe(0);
      } else started.push(handle);
    });

    it('wait tells the exit code, also when it is asked after the end', async () => {
      const { handle } = await start('exit');
      expect(await manager.wait(handle, never())).toEqual({ code: 3 });
      expect(await manager.recover(handle)).toBe('gone');
      expect((await manager.wait(handle, never())).code).toBeOneOf([3, null]);
    });

    it('when wait returns, the slot is free', async () => {
      const executors = await Promise.all([start('exit'), start('polite'), start('polite')]);
      await manager.wait(executors[0].handle, never());
      await start('polite');
      await expect(manager.start(request(token('polite')), never())).rejects.toThrow(NoFreeSlot);
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
      const { token: of, handle } = await start('polite');
      await manager.close?.();
      const next = await create();
      expect(await next.recover(stored(handle))).toBe('running');
      const ended = next.wait(stored(handle), never());
      await next.stop(stored(handle), 5_000);
      await ended;
      expect(await next.recover(stored(handle))).toBe('gone');
      expect(await under.running(of)).toBe(0);
      manager = next;
    });

    it('an executor that the next miner finds again holds its slot until it ends', async () => {
      const executors = await Promise.all([start('polite'), start('polite'), start('polite')]);
      await manager.close?.();
      manager = await create();
      for (const { handle } of executors) expect(await manager.recover(stored(handle))).toBe('running');
      await expect(manager.start(request(token('polite')), never())).rejects.toThrow(NoFreeSlot);
      await manager.stop(stored(executors[0].handle), 0);
      await start('polite');
    });

    it('the next miner finds by its token an executor whose handle was lost', async () => {
      const { token: of, handle } = await start('polite');
      await manager.close?.();
      manager = await create();
      if (!manager.running) return;
      const found = (await manager.running()).find((one) => one.token === of);
      expect(found?.handle).toEqual(handle);
    });

    it('stop lets the executor clean up, and may be called again', async () => {
      const { token: of, handle } = await start('polite');
      await manager.stop(handle, 5_000);
      expect(await under.notes(of)).toContain('cleaned up');
      await manager.stop(handle, 5_000);
      expect(await manager.recover(handle)).toBe('gone');
    });

    it('an executor that does not stop within its grace is ended', async () => {
      const { token: of, handle } = await start('stubborn');
      await manager.stop(handle, 100);
      expect(await under.running(of)).toBe(0);
    });

    it('what an executor started is ended with it', async () => {
      const { token: of, handle } = await start('parent');
      expect(await under.running(of)).toBe(2);
      await manager.stop(handle, 100);
      expect(await under.running(of)).toBe(0);
    });

    it('an executor that was killed leaves no job behind', async () => {
      const { token: of, handle } = await start('parent');
      await under.kill(of);
      await manager.wait(handle, never());
      expect(await under.running(of)).toBe(0);
    });
  });
}
