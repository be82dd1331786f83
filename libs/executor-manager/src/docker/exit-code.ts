import { answered, exitOf, statusOf } from './engine.ts';
import type { Machine } from './machine.ts';

/**
 * Waits for a container's end, through every loss of its machine.
 *
 * @param started resolves with the exit code; undefined where another process has started the container
 * @returns null when the container is gone and nobody knows its code
 */
export async function exitCodeOf(
  machine: Machine,
  id: string,
  started: Promise<number> | undefined,
  signal: AbortSignal,
): Promise<number | null> {
  for (let exit = started; ; exit = undefined) {
    try {
      return await (exit ?? (await askAgain(machine, id, signal)).exit);
    } catch (error) {
      signal.throwIfAborted();
      if (statusOf(error) === 404) return null;
      await machine.back(signal);
    }
  }
}

async function askAgain(
  { docker }: Machine,
  id: string,
  signal: AbortSignal,
): Promise<{ exit: Promise<number> }> {
  const { HostConfig } = await answered(docker.getContainer(id).inspect());
  return exitOf(docker, id, HostConfig.AutoRemove ? 'removed' : 'not-running', signal);
}
