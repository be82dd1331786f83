import Docker from 'dockerode';
import type { Readable } from 'node:stream';

import { demultiplex } from '../output/demultiplex.ts';
import { JobOutput } from '../output/job-output.ts';
import type { Ending, JobFolders, JobRunner, JobSpec, RunOptions } from '../runner.ts';
import { untilDeadline } from '../until-deadline.ts';
import { containerOptions, type ContainerLimits } from './container-options.ts';
import { engineSays, Images } from './images.ts';
import { processOwner } from './owner.ts';
import { commandNotStartable } from './start-error.ts';

export interface DockerJobRunnerOptions extends ContainerLimits {
  /** @default the engine at DOCKER_HOST, else at /var/run/docker.sock */
  docker?: Docker;
  /** Containers are named `ch-{token}-job`, as ComputeHorde's executor does with its token. @default the job's uuid */
  token?: string;
  /** Put on the label `horde.network`, by which a local network finds what it left. @default HORDE_NETWORK */
  network?: string;
}

/** How long the engine may take to hand over the last output of a container that is gone, in milliseconds. */
const LAST_OUTPUT_LIMIT = 10_000;

/**
 * Runs a job in a Docker container without a network, labelled `horde.job` (the job's uuid) and `horde.owner`
 * (`processOwner()` of who started it).
 */
export class DockerJobRunner implements JobRunner {
  readonly isolated = true;
  private readonly docker: Docker;
  private readonly images: Images;

  constructor(private readonly options: DockerJobRunnerOptions = {}) {
    this.docker = options.docker ?? new Docker();
    this.images = new Images(this.docker);
  }

  prepare(image: string, signal: AbortSignal): Promise<void> {
    return this.images.ensure(image, signal);
  }

  async run(spec: JobSpec, folders: JobFolders, options: RunOptions): Promise<Ending> {
    options.signal.throwIfAborted();
    const name = `ch-${this.options.token ?? spec.jobUuid}-job`;
    const create = containerOptions(name, spec, folders, this.labels(spec.jobUuid), this.options);
    const output = await JobOutput.open(folders);
    let container: Docker.Container | undefined;
    try {
      container = await this.docker.createContainer(create);
      const outcome = await this.runContainer(container, output, options);
      await output.finish();
      return this.ending(output, outcome);
    } catch (error) {
      const refused = commandNotStartable(error);
      if (!refused) {
        await output.close();
        throw options.signal.aborted ? options.signal.reason : engineError(error);
      }
      await output.write('stderr', Buffer.from(`${refused.sentence}\n`));
      await output.finish();
      const containerId = container?.id ?? null;
      return this.ending(output, { exitCode: refused.exitCode, timedOut: false, containerId, imageId: null });
    } finally {
      // Best effort: the job's result matters more than what is left of its container, which cleanUp() sees to.
      if (container) await this.remove(container).catch(() => {});
    }
  }

  async cleanUp(jobUuid: string): Promise<void> {
    // Another miner's executor on this engine may have a job of the same uuid.
    const filters = { label: [`horde.job=${jobUuid}`, `horde.owner=${processOwner()}`] };
    const left = await this.docker.listContainers({ all: true, filters });
    await Promise.all(left.map(({ Id }) => this.remove(this.docker.getContainer(Id))));
  }

  private async runContainer(container: Docker.Container, output: JobOutput, options: RunOptions) {
    // Not hijacked: a plain answer, whose body is the output.
    const attached = (await container.attach({
      stream: true,
      stdout: true,
      stderr: true,
    })) as unknown as Readable;
    try {
      const pumped = demultiplex(attached, output);
      pumped.catch(() => {}); // looked at below
      await container.start();
      const inspected = container.inspect();
      inspected.catch(() => {});
      const exited = container.wait() as Promise<{ StatusCode: number }>;
      exited.catch(() => {});
      const failed = pumped.then(() => exited); // output that cannot be stored ends the job at once
      const outcome = await untilDeadline(Promise.race([exited, failed]), options, () =>
        kill(container, exited),
      );
      await lastOutput(pumped);
      const { Image: imageId } = await inspected;
      return {
        exitCode: outcome?.StatusCode ?? null,
        timedOut: !outcome,
        containerId: container.id,
        imageId,
      };
    } finally {
      attached.destroy();
    }
  }

  private ending(output: JobOutput, outcome: Omit<Ending, 'stdout' | 'stderr'>): Ending {
    return { ...outcome, stdout: output.text('stdout'), stderr: output.text('stderr') };
  }

  private labels(jobUuid: string): Record<string, string> {
    const network = this.options.network ?? process.env['HORDE_NETWORK'];
    return {
      'horde.job': jobUuid,
      'horde.owner': processOwner(),
      ...(network && { 'horde.network': network }),
    };
  }

  /** Resolves when the container is gone, whoever removes it. */
  private async remove(container: Docker.Container): Promise<void> {
    try {
      await container.remove({ force: true, v: true });
    } catch (error) {
      const { statusCode } = error as { statusCode?: number };
      if (statusCode === 404) return;
      if (statusCode !== 409) throw engineError(error);
      await container.wait({ condition: 'removed' }).catch((gone: { statusCode?: number }) => {
        if (gone.statusCode !== 404) throw engineError(gone);
      });
    }
  }
}

async function kill(container: Docker.Container, exited: Promise<unknown>): Promise<void> {
  await container.kill().catch((error: { statusCode?: number }) => {
    if (error.statusCode !== 409 && error.statusCode !== 404) throw error; // it ended meanwhile
  });
  await exited;
}

/** Waits for the output of a container that ended; gives up on it rather than on the job. */
async function lastOutput(pumped: Promise<void>): Promise<void> {
  const limit = Promise.withResolvers<void>();
  const timer = setTimeout(limit.resolve, LAST_OUTPUT_LIMIT);
  await Promise.race([pumped, limit.promise]).finally(() => clearTimeout(timer));
}

function engineError(error: unknown): Error {
  const { statusCode } = error as { statusCode?: number };
  return statusCode
    ? new Error(`The Docker engine refused: ${engineSays(error)}`, { cause: error })
    : (error as Error);
}
