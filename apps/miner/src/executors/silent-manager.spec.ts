import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExecutorManagerContext } from '@horde/executor-manager';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { customExecutorManager } from './custom-executor-manager.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'silent-manager-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('an executor manager that never says what it offers fails to, instead of keeping jobs waiting for good', async () => {
  const none = 'start() {} recover() {} wait() {} stop() {} publicAddress() {}';
  await writeFile(
    path.join(folder, 'silent.mjs'),
    `export class Silent {
       answer = new Promise(() => {});
       manifest() { return this.answer; }
       ${none}
     }`,
  );
  const manager = await customExecutorManager('silent.mjs:Silent', folder, {} as ExecutorManagerContext, 50);
  await expect(manager.manifest()).rejects.toThrow('Silent did not say within 0.05 s what it offers.');
  Object.assign(manager, { answer: Promise.resolve({ 'always_on.test': 1 }) });
  expect(await manager.manifest()).toEqual({ 'always_on.test': 1 });
});
