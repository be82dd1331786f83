import { executorClasses } from '@horde/protocol';
import { HostUnreachable } from '../base-executor-manager.ts';
import type { ExecutorHandle } from '../executor-manager.ts';
import { answered, engineSays } from './engine.ts';
import { labels } from './executor-container.ts';
import { gpuMachine, type GpusHeld, hasOneOf } from './gpus.ts';
import { targetOf } from './machine-key.ts';
import type { Machine } from './machine.ts';
import type { ServerSpec } from './servers-file.ts';

/** Gives each executor of a server that names its GPUs a share that no other executor of the machine has. */
export class GpuShares {
  /** The GPUs of executors that are being started. */
  private readonly starting = new Set<{ machine: string; gpus: GpusHeld }>();

  /** @param holding the executors that hold a slot */
  constructor(private readonly holding: () => ExecutorHandle[]) {}

  /** How many shares of a server are free; of one that names no GPUs: without limit. */
  free(server: ServerSpec): number {
    return server.gpus === null ? Infinity : this.freeShares(server, []).length;
  }

  /**
   * Starts an executor with GPUs that stay its own until `start` is over; from then on its handle or its container
   * tells.
   *
   * @throws HostUnreachable where no share is free, and where the engine does not say what runs
   */
  async withGpusFor<T>(
    server: ServerSpec,
    machine: Machine,
    signal: AbortSignal,
    start: (gpus: GpusHeld) => Promise<T>,
  ): Promise<T> {
    if (server.gpus === null) return start(executorClasses[server.executorClass].hasGpu ? 'all' : 'none');
    await machine.reached(signal);
    const [share] = this.freeShares(server, await seenOn(machine));
    if (!share) throw new HostUnreachable(`All GPUs of ${server.name} are used by executors.`);
    const taken = { machine: gpuMachine(server.ssh), gpus: share.join() };
    this.starting.add(taken);
    try {
      return await start(taken.gpus);
    } finally {
      this.starting.delete(taken);
    }
  }

  private freeShares({ ssh, gpus }: ServerSpec, seen: GpusHeld[]): string[][] {
    const here = gpuMachine(ssh);
    const handles = this.holding().filter((handle) => gpuMachine(targetOf(handle)) === here);
    const held = [
      ...seen,
      ...handles.map(({ gpus: theirs }) => String(theirs ?? 'all')),
      ...[...this.starting].flatMap((one) => (one.machine === here ? one.gpus : [])),
    ];
    return gpus!.filter((share) => !held.some((one) => hasOneOf(one, share)));
  }
}

/** What the engine knows: also executors of another miner of the machine, and those whose start was given up. */
async function seenOn({ docker, name }: Machine): Promise<GpusHeld[]> {
  const filters = { label: [labels.gpus], status: ['created', 'running', 'paused', 'restarting'] };
  try {
    const found = await answered(docker.listContainers({ all: true, filters }));
    return found.map(({ Labels }) => Labels[labels.gpus]!);
  } catch (error) {
    throw new HostUnreachable(`${name} does not say which GPUs are used: ${engineSays(error)}`, {
      cause: error,
    });
  }
}
