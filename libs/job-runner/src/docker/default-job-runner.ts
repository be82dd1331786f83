import Docker from 'dockerode';
import { createHash } from 'node:crypto';
import { HordeError } from '@horde/protocol';
import { failures } from '../failures.ts';
import { JobOutput } from '../output/job-output.ts';
import type { Ending, JobFolders, JobRunner, JobSpec, RunOptions } from '../runner.ts';
import { jobCommand, writeScript } from '../script.ts';
import type { StreamingOptions } from '../streaming/streaming.ts';
import { orAborted } from '@horde/async';
import { why } from '../wording.ts';
import { containerOptions, type ContainerNeeds, mountTargets } from './container-options.ts';
import { type Outcome, runContainer } from './container-run.ts';
import { type DiskWatch, diskWatch } from './disk-watch.ts';
import { engineError, fromEngine, removeContainer } from './engine.ts';
import { imageVolumes, imageVolumesFolder } from './image-volumes.ts';
import { type ImageOptions, Images } from './images.ts';
import { checkRuntimes, type ContainerLimits, engineFacts } from './limits.ts';
import { ownerLabels, ownerOn } from './owner.ts';
import { openService } from './service.ts';

export interface DefaultJobRunnerOptions extends ContainerLimits, ImageOptions {
  /** @default the engine at DOCKER_HOST, else at /var/run/docker.sock */
  docker?: Docker;
  /**
   * The executor's token. Containers are named `horde-{hash of it}-job`: a job that shares a network can read the names
   * there. @default the job's uuid, as it is
   */
  token?: string;
  /** Put on the label `horde.network`, by which a local network finds what it left. @default HORDE_NETWORK */
  network?: string;
  /** Bytes of stdout and stderr together; a job that prints more is killed. @default 2 GiB */
  logMaxBytes?: number | null;
  /**
   * Bytes of disk that a job's files may take: /volume, /output, the artifacts, the volumes of its image and what it
   * changes of its image. A job that takes more is killed.
   *
   * @default what is there when the job starts and the free space then, less 5 GB (less half of it if it is under 10 GB)
   */
  diskMaxBytes?: number | null;
  streaming?: StreamingOptions;
}

const shortHash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);

/**
 * Runs a job in a Docker container without a network, labelled `horde.job` (the job's uuid) and `horde.owner`
 * (`ownerOn()` of who started it).
 *
 * The protected methods are for runners made from this one: each may be overridden, and does what it says when it is
 * not. What they throw is trouble of the machine, said with the name of the method; a `JobFailure` is the job's.
 */
export class DefaultJobRunner implements JobRunner {
  readonly isolated = true;
  protected readonly docker: Docker;
  private readonly images: Images;
  /** Jobs that `run` was called for and `cleanUp` was not. */
  private readonly jobs = new Map<string, JobSpec>();

  constructor(protected readonly options: DefaultJobRunnerOptions = {}) {
    this.docker = options.docker ?? new Docker();
    this.images = new Images(this.docker, this.options);
  }

  async prepare(image: string, signal: AbortSignal): Promise<void> {
    engineFacts(this.docker).catch(() => {}); // known by the time that `run` asks
    await this.images.ensure(image, signal);
  }

  async run(spec: JobSpec, folders: JobFolders, options: RunOptions): Promise<Ending> {
    options.signal.throwIfAborted();
    this.jobs.set(spec.jobUuid, spec);
    const output = await JobOutput.open(folders, {
      ...(this.options.logMaxBytes && { maxBytes: this.options.logMaxBytes }),
      ...(options.onOutput && { onOutput: options.onOutput }),
      ...(options.onStored && { onStored: options.onStored }),
    });
    try {
      const outcome = await this.runWith(output, spec, folders, options);
      await output.finish();
      return output.ending(outcome);
    } catch (error) {
      await output.close().catch(() => {}); // what went wrong before is what counts
      options.onStopped?.(output.printed());
      throw options.signal.aborted ? options.signal.reason : engineError(error);
    }
  }

  async cleanUp(jobUuid: string): Promise<void> {
    const spec = this.jobs.get(jobUuid);
    this.jobs.delete(jobUuid);
    try {
      // Another miner's executor on this engine may have a job of the same uuid.
      const filters = { label: [`horde.job=${jobUuid}`, `horde.owner=${await ownerOn(this.docker)}`] };
      const left = await fromEngine(
        this.docker.listContainers({ all: true, filters }),
        'list its containers',
      );
      await Promise.all(left.map(({ Id }) => removeContainer(this.docker.getContainer(Id))));
    } finally {
      if (spec) await this.hook('jobCleanup', () => this.jobCleanup(spec));
    }
  }

  /** The image to run; one that is not on this machine is pulled. Unless overridden: the job's own. */
  protected async image(spec: JobSpec): Promise<string> {
    return spec.image;
  }

  /**
   * The container's arguments; none: the image's own. Unless overridden: the job's command, or `python /script.py` for
   * a job with a script and no command.
   */
  protected async command(spec: JobSpec): Promise<string[]> {
    return jobCommand(spec);
  }

  /**
   * What the engine is asked for, in its own words (the body of its `POST /containers/create`). Unless overridden:
   * `options` as they are.
   */
  protected async containerOptions(
    _spec: JobSpec,
    options: Docker.ContainerCreateOptions,
  ): Promise<Docker.ContainerCreateOptions> {
    return options;
  }

  /** Called before the container is made, with the job's folders filled. Unless overridden: nothing. */
  protected async beforeStart(_spec: JobSpec, _folders: JobFolders): Promise<void> {}

  /** Called when the container runs. The job goes on meanwhile. Unless overridden: nothing. */
  protected async afterStart(_spec: JobSpec, _containerId: string): Promise<void> {}

  /** Called once by `cleanUp` for each job that was run, when its container is gone. Unless overridden: nothing. */
  protected async jobCleanup(_spec: JobSpec): Promise<void> {}

  private async runWith(
    output: JobOutput,
    spec: JobSpec,
    folders: JobFolders,
    options: RunOptions,
  ): Promise<Outcome> {
    const { docker } = this;
    const { token } = this.options;
    // Not ComputeHorde's names (`ch-…-job`): its executors remove what has them when they start.
    const name = `horde-${token === undefined ? spec.jobUuid : shortHash(token)}`;
    const labels = await ownerLabels(spec.jobUuid, { docker, network: this.options.network });
    const service =
      options.streaming &&
      (await openService(docker, { name, labels }, options, this.options.streaming ?? {}));
    try {
      const needs = { name: `${name}-job`, labels, network: service?.network ?? null };
      const preparing = this.prepareContainer(spec, folders, needs, options.signal);
      const { create, diskOverrun } = await orAborted(preparing, options.signal);
      return await runContainer(docker, create, options, {
        output,
        artifactsDir: spec.artifactsDir,
        afterStart: (id) => this.hook('afterStart', () => this.afterStart(spec, id)),
        diskOverrun,
        service,
      });
    } finally {
      // Best effort, like all that clears away here: the job's result matters more.
      await service?.close().catch(() => {});
    }
  }

  private async prepareContainer(
    spec: JobSpec,
    folders: JobFolders,
    needs: Pick<ContainerNeeds, 'name' | 'labels' | 'network'>,
    signal: AbortSignal,
  ): Promise<{ create: Docker.ContainerCreateOptions; diskOverrun: DiskWatch }> {
    const engine = await engineFacts(this.docker);
    checkRuntimes(this.options, spec.gpu === 'nvidia_all', engine);
    await writeScript(spec, folders);
    const image = await this.hook('image', () => this.image(spec));
    if (image !== spec.image) await this.images.ensure(image, signal);
    const command = await this.hook('command', () => this.command(spec));
    await this.hook('beforeStart', () => this.beforeStart(spec, folders));
    const options = containerOptions(spec, folders, {
      ...needs,
      image,
      command,
      engine,
      limits: this.options,
    });
    const volumes = await imageVolumes(this.docker, image, folders, mountTargets(options));
    options.HostConfig!.Mounts!.push(...volumes);
    const create = await this.hook('containerOptions', () => this.containerOptions(spec, options));
    const diskOverrun = await diskWatch({
      folders: [
        folders.volume,
        folders.output,
        ...(spec.artifactsDir ? [folders.artifacts] : []),
        ...(volumes.length > 0 ? [imageVolumesFolder(folders)] : []),
      ],
      engineRoot: engine.root,
      maxBytes: this.options.diskMaxBytes ?? null,
    });
    return { create, diskOverrun };
  }

  private async hook<Result>(name: string, call: () => Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof HordeError) throw error;
      throw failures.JOB_RUNNER_FAILED(this.constructor.name, name, why(error)).because(error);
    }
  }
}
