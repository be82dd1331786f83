import type Docker from 'dockerode';
import { HostUnreachable } from '../base-executor-manager.ts';
import type { StartExecutor } from '../executor-manager.ts';
import type { StreamingPort } from '../streaming-ports.ts';
import { answered, engineSays, exitOf, findImage, removeContainer, statusOf } from './engine.ts';
import {
  checkGivesOwnGpus,
  executorContainer,
  executorName,
  portIsTaken,
  type ExecutorContainerOptions,
} from './executor-container.ts';
import { fetchImage } from './fetch-image.ts';
import type { GpusHeld } from './gpus.ts';
import type { Machine } from './machine.ts';

interface What {
  options: ExecutorContainerOptions;
  image: string;
  request: StartExecutor;
  place: string;
  gpus: GpusHeld;
  arguments: string[];
}

interface Launched {
  container: string;
  /** Resolves with the exit code. */
  exit: Promise<number>;
  port: StreamingPort;
}

/**
 * Starts an executor's container on a machine, with a streaming port that is free there; fetches its image if need be.
 *
 * @param closing aborts the wait for the executor's end
 * @throws HostUnreachable when the machine is lost; Error with the engine's sentence. Nothing is left then; on a machine that
 *   is lost nothing once it is back.
 */
export async function launchExecutor(
  machine: Machine,
  what: What,
  signal: AbortSignal,
  closing: AbortSignal,
): Promise<Launched> {
  await machine.reached(signal);
  const image = await ensureImage(machine, what.image, signal);
  checkGivesOwnGpus(image, what.image, what.gpus);
  const othersPorts = new Set<number>();
  for (;;) {
    signal.throwIfAborted();
    const port = await machine.ports.take(othersPorts);
    try {
      return { ...(await launchAt(port, machine, { ...what, inspected: image }, signal, closing)), port };
    } catch (error) {
      machine.ports.release(port.port);
      signal.throwIfAborted();
      if (statusOf(error) === undefined) throw outOfReach(machine, error);
      const sentence = engineSays(error);
      if (!portIsTaken(sentence)) throw new Error(sentence, { cause: error });
      othersPorts.add(port.port);
    }
  }
}

async function ensureImage(
  machine: Machine,
  name: string,
  signal: AbortSignal,
): Promise<Docker.ImageInspectInfo> {
  const find = () =>
    findImage(machine.docker, name).catch((error: unknown) => {
      throw statusOf(error) === undefined ? outOfReach(machine, error) : error;
    });
  const there = await find();
  if (there) return there;
  await fetchImage(machine, name, signal);
  const fetched = await find();
  if (!fetched) throw new Error(`${name} was removed from ${machine.name} as soon as it was there.`);
  return fetched;
}

async function launchAt(
  port: StreamingPort,
  machine: Machine,
  { options, request, inspected, image, ...what }: What & { inspected: Docker.ImageInspectInfo },
  signal: AbortSignal,
  closing: AbortSignal,
): Promise<Omit<Launched, 'port'>> {
  const { docker, socketPath } = machine;
  const isOwn = machine.facts['machine'] === 'local';
  const where = { ...what, image: inspected, imageName: image, port, socketPath, isOwn };
  const creating = docker.createContainer(executorContainer(options, request, where));
  try {
    const container = await answered(creating);
    signal.throwIfAborted();
    // Asked for before it starts: a container that ends at once is not there any more a moment later.
    const { exit } = await exitOf(
      docker,
      container.id,
      options.autoRemove ? 'removed' : 'next-exit',
      closing,
    );
    await answered(container.start());
    signal.throwIfAborted();
    return { container: container.id, exit };
  } catch (error) {
    // An engine that answers too late has made it by then.
    creating.then(
      ({ id }) => removeContainer(docker, id).catch(() => {}),
      () => {},
    );
    await removeSurely(machine, executorName(request.token), closing);
    throw error;
  }
}

/** Removes a container that was not started well: at once, or when its machine is back. */
async function removeSurely(machine: Machine, name: string, closing: AbortSignal): Promise<void> {
  const remove = () => removeContainer(machine.docker, name);
  const later = async (): Promise<void> => {
    await machine.back(closing);
    await remove().catch(later);
  };
  await remove().catch(() => void later().catch(() => {}));
}

const outOfReach = (machine: Machine, error: unknown): HostUnreachable =>
  new HostUnreachable(`${machine.name} is out of reach: ${engineSays(error)}`, { cause: error });
