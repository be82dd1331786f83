import { createHash } from 'node:crypto';
import type Docker from 'dockerode';
import type { StartExecutor } from '../executor-manager.ts';
import type { StreamingPort } from '../streaming-ports.ts';
import type { GpusHeld } from './gpus.ts';

/** The image's label that says that its executor serves NGINX_PORT itself, in its own container. */
const servesPortLabel = 'horde.streaming-port';
/** The image's label that says that its executor gives jobs the GPUs of EXECUTOR_GPUS, and no others. */
const givesOwnGpusLabel = 'horde.gpus';

/** What is the same for all executors of a Docker manager. */
export interface ExecutorContainerOptions {
  /** Names the miner on labels, so that it finds its executors again. */
  owner: string;
  /** The executor's own settings. */
  environment: Record<string, string | undefined>;
  /** Whether the engine removes an executor's container at its end. */
  autoRemove: boolean;
  /**
   * A file of job runners, under the path where the executor's machine has it, and the class to run jobs with.
   *
   * @default the executor's own runner
   */
  customJobRunners?: { path: string; className: string | null };
  /** The local network that the miner is a part of. */
  network?: string | undefined;
  /** The engine's network that executors of the miner's own machine are in. @default the engine's bridge */
  engineNetwork?: string | undefined;
  /** The address of the miner's own machine that streaming ports are open at. @default all */
  publishAt?: string | undefined;
}

export const labels = {
  miner: 'horde.miner',
  place: 'horde.executor.place',
  port: 'horde.executor.port',
  publicPort: 'horde.executor.public-port',
  gpus: 'horde.executor.gpus',
};

/**
 * What an executor is called where others may read it: the name of its container, and in logs. A container's name is told
 * to all who share a network with it, a streaming job too, so it must not give the token away.
 */
export const executorName = (token: string): string =>
  `horde-executor-${createHash('sha256').update(token).digest('hex').slice(0, 16)}`;

/** ComputeHorde's name for the class of a custom job runner, of which it mounts the file. */
export const jobRunnerClass = (className: string): string =>
  `compute_horde_miner.custom_job_runners.${className}`;
const jobRunnersFile = '/root/src/compute_horde_miner/custom_job_runners.py';

/**
 * What the engine is asked for: an executor as ComputeHorde's Docker manager starts it. Its streaming port is published
 * where its image says that it serves it there; ComputeHorde's own executor publishes it with a container of its own.
 *
 * @param docker the socket of the engine, as its machine names it
 */
export function executorContainer(
  options: ExecutorContainerOptions,
  request: StartExecutor,
  where: {
    image: Docker.ImageInspectInfo;
    imageName: string;
    arguments: string[];
    place: string;
    port: StreamingPort;
    gpus: GpusHeld;
    socketPath: string;
    /** Whether it is the miner's own machine. */
    isOwn: boolean;
  },
): Docker.ContainerCreateOptions {
  const { environment, customJobRunners, autoRemove, owner, network } = options;
  const { port, place, gpus } = where;
  const { engineNetwork, publishAt } = where.isOwn ? options : {};
  const publishes = where.image.Config?.Labels?.[servesPortLabel] === 'served';
  const inside = `${port.port}/tcp`;
  const jobFolder = environment['JOB_FOLDER'];
  const variables = {
    ...environment,
    MINER_ADDRESS: request.minerAddress,
    EXECUTOR_TOKEN: request.token,
    MARK_PULLED_IMAGES: '1',
    NGINX_PORT: String(port.port),
    EXECUTOR_GPUS: areNamed(gpus) ? gpus : undefined,
  };
  return {
    name: executorName(request.token),
    Image: where.imageName,
    Cmd: ['python', 'manage.py', ...where.arguments],
    Env: Object.entries(variables).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${value}`],
    ),
    Labels: {
      [labels.miner]: owner,
      [labels.place]: place,
      [labels.port]: String(port.port),
      [labels.publicPort]: String(port.publicPort),
      [labels.gpus]: gpus,
      ...(network && { 'horde.network': network }),
    },
    ...(publishes && { ExposedPorts: { [inside]: {} } }),
    HostConfig: {
      AutoRemove: autoRemove,
      Binds: [
        `${where.socketPath}:/var/run/docker.sock`,
        '/tmp:/tmp',
        ...(jobFolder && !/^\/tmp(\/|$)/.test(jobFolder) ? [`${jobFolder}:${jobFolder}`] : []),
        ...(customJobRunners ? [`${customJobRunners.path}:${jobRunnersFile}`] : []),
      ],
      ...(engineNetwork && { NetworkMode: engineNetwork }),
      ...(publishes && {
        PortBindings: {
          [inside]: [{ HostPort: String(port.port), ...(publishAt && { HostIp: publishAt }) }],
        },
      }),
    },
  };
}

const areNamed = (gpus: GpusHeld) => gpus !== 'all' && gpus !== 'none';

/**
 * Refuses an executor that would give its jobs all GPUs of the machine, as ComputeHorde's does.
 *
 * @throws Error where the executor is to have GPUs of its own, and its image does not know of such
 */
export function checkGivesOwnGpus(image: Docker.ImageInspectInfo, name: string, gpus: GpusHeld): void {
  if (!areNamed(gpus) || image.Config?.Labels?.[givesOwnGpusLabel] === 'own') return;
  throw new Error(
    `${name} gives jobs all GPUs of a machine, whatever the servers' file says: make a newer one (./horde image ` +
      `executor), or leave out gpus, with one executor for each machine.`,
  );
}

/** Whether an engine's refusal to start says that somebody else has the port. */
export const portIsTaken = (sentence: string): boolean =>
  /port is already allocated|address already in use|Ports are not available/i.test(sentence);
