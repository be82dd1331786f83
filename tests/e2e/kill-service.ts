import { spawn } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { expect } from 'vitest';

/**
 * Kills a service's process without a word, and starts it again as it was. Resolves when it is ready.
 *
 * @param changes variables of its environment that are different from now on
 * @returns the new process's id
 */
export async function killAndRestart(
  { pid, url }: { pid: number; url: string },
  changes: Record<string, string> = {},
): Promise<number> {
  const of = async (file: string) =>
    (await readFile(`/proc/${pid}/${file}`, 'utf8')).split('\0').filter((part) => part !== '');
  const [[program, ...args], environment, cwd] = await Promise.all([
    of('cmdline'),
    of('environ'),
    readlink(`/proc/${pid}/cwd`),
  ]);
  process.kill(pid, 'SIGKILL');
  const env = Object.fromEntries(
    environment.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const child = spawn(program!, args, {
    cwd,
    env: { ...env, ...changes },
    stdio: 'ignore',
    detached: true,
  });
  child.unref();
  const isReady = () =>
    fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  await expect.poll(isReady, { timeout: 60_000 }).toBe(true);
  return child.pid!;
}
