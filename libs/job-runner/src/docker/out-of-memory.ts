import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { fromEngine } from './engine.ts';

/** What ends with SIGKILL, as a process that took too much memory does. */
const killed = 137;
/** How long the engine may take to hear of it after the end, in milliseconds: 20 to 80 were seen. */
const lateBy = { killed: 2_000, otherwise: 300 };

/**
 * Whether a process of a container that ended was killed for its memory. The engine hears of that and of the end in
 * two ways, and of the end first where the machine is busy: then its state never says so, and only the event does.
 */
export async function ranOutOfMemory(
  docker: Docker,
  container: Docker.Container,
  exitCode: number,
): Promise<boolean> {
  try {
    const { State } = await fromEngine(container.inspect(), 'say how the job ended');
    if (State.OOMKilled) return true;
    return await isTold(
      docker,
      container,
      State.StartedAt,
      exitCode === killed ? lateBy.killed : lateBy.otherwise,
    );
  } catch {
    return false; // a result without it is better than none; and it may have been cleaned up meanwhile
  }
}

async function isTold(
  docker: Docker,
  { id }: Docker.Container,
  startedAt: string,
  limit: number,
): Promise<boolean> {
  const abortSignal = AbortSignal.timeout(limit);
  const since = Math.floor(Date.parse(startedAt) / 1000);
  const filters = { container: [id], event: ['oom'] };
  const events = (await docker.getEvents({ since, filters, abortSignal })) as Readable;
  try {
    await once(events, 'data', { signal: abortSignal });
    return true;
  } finally {
    events.destroy();
  }
}
