import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bundleScript } from '../../tools/bundle-script.ts';

let bundle: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  bundle = await bundleScript('tests/services/stubborn-service.ts');
});
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));
afterAll(() => rm(bundle, { force: true }));

/** Starts the service; `said` resolves when its output holds the words. */
async function start() {
  const child = spawn(process.execPath, [bundle], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let output = '';
  const said = async (words: string) => {
    while (!output.includes(words)) {
      const next = await Promise.race([once(child.stdout, 'data'), once(child.stdout, 'end')]);
      const chunk = next[0] as Buffer | undefined;
      if (chunk === undefined) throw new Error(`It ended without saying "${words}":\n${output}`);
      output += chunk.toString('utf8');
    }
  };
  await said('started');
  return { child, said, exit: once(child, 'exit') };
}

describe('a service that does not finish stopping', () => {
  it('ends at once at a second signal', async () => {
    const { child, said, exit } = await start();
    child.kill('SIGTERM');
    await said('SIGTERM: stopping');
    expect(child.exitCode).toBeNull();
    child.kill('SIGTERM');
    expect(await exit).toEqual([1, null]);
  });

  it('is ended after ten seconds', async () => {
    const { child, said, exit } = await start();
    child.kill('SIGTERM');
    await said('did not stop within 10 s');
    expect(await exit).toEqual([1, null]);
  });
});
