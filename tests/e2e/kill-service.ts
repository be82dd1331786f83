import { spawn } from 'node:child_process';
import { open, readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a service may take to be ready. @unit ms */
const patience = 60_000;

/** Starts a process that was killed again, as it was. @returns its id, when it is ready */
export type Restart = (changes?: Record<string, string>) => Promise<number>;

/**
 * Kills a service's process without a word, and starts it again as it was. Resolves when it is ready.
 *
 * @param changes variables of its environment that are different from now on
 * @returns the new process's id
 */
export const killAndRestart = async (
  service: { pid: number; url: string },
  changes: Record<string, string> = {},
): Promise<number> => (await killService(service))(changes);

/** Kills a service's process without a word. */
export async function killService({ pid, url }: { pid: number; url: string }): Promise<Restart> {
  const of = async (file: string) =>
    (await readFile(`/proc/${pid}/${file}`, 'utf8')).split('\0').filter((part) => part !== '');
  const [[program, ...args], environment, cwd, log] = await Promise.all([
    of('cmdline'),
    of('environ'),
    readlink(`/proc/${pid}/cwd`),
    readlink(`/proc/${pid}/fd/1`),
  ]);
  process.kill(pid, 'SIGKILL');
  const env = Object.fromEntries(
    environment.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  return async (changes = {}) => {
    const file = await open(log, 'a');
    const child = spawn(program!, args, {
      cwd,
      env: { ...env, ...changes },
      stdio: ['ignore', file.fd, file.fd],
      detached: true,
    });
    await file.close();
    child.unref();
    const isReady = () =>
      fetch(`${url}/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    const end = performance.now() + patience;
    while (!(await isReady())) {
      if (performance.now() > end) throw new Error(`${program} ${args.join(' ')} does not get ready: ${log}`);
      await sleep(50);
    }
    return child.pid!;
  };
}
