import type * as JobRunnerLibrary from '@horde/job-runner';
import type { Ending, JobFolders, JobRunner } from '@horde/job-runner';
import type { Logger } from '@horde/operations';
import {
  errors,
  ExecutionDone,
  ExecutorReady,
  type InitialJobRequest,
  JobFinished,
  type JobRequest,
  make,
  VolumesReady,
  writeFrame,
} from '@horde/protocol';
import { limits } from '@horde/transport';
import type { ExecutorSettings } from '../settings.ts';
import { badExit, overrun } from './failure.ts';
import { type Stage, stageLimits, type StageLimits } from './stages.ts';
import { until, within } from './within.ts';

/** How long the engine may take, beside the job itself, to start and to end a container. @unit ms */
const engineGrace = 15_000;

/** What a job needs around it. */
export interface JobParts {
  settings: ExecutorSettings;
  logger: Logger;
  /** Resolves with the library that runs jobs. */
  library: Promise<typeof JobRunnerLibrary>;
  makeRunner: (library: typeof JobRunnerLibrary) => JobRunner;
  /** Resolves with the job request, when it comes. */
  request: Promise<JobRequest>;
  say: (message: object) => void;
  /** Aborted when the job has to end at once; its reason is why. */
  stop: AbortSignal;
}

/** One job on its way through its stages. */
export class Job {
  stage: Stage = 'executor_startup';
  ending: Ending | null = null;
  private runner: JobRunner | null = null;
  private folders: JobFolders | null = null;
  private library!: typeof JobRunnerLibrary;
  /** Since when the time limits count. @unit ms since 1970 */
  private readyAt = 0;

  constructor(
    private readonly initial: InitialJobRequest,
    private readonly parts: JobParts,
  ) {}

  /**
   * Brings the job through all of its stages, telling the miner of each.
   *
   * @param startupDeadline when the executor has to be ready, in ms since 1970
   * @param startupTimeLimit the same, in seconds from its start, for people
   * @returns the result that is to be delivered
   * @throws whatever kept the job from its result; `failureMessage` knows what to make of it
   */
  async run(startupDeadline: number, startupTimeLimit: number): Promise<JobFinished> {
    const { parts } = this;
    const late = () => overrun(this.stage, startupTimeLimit);
    const inTime = <T>(deadline: number, work: (signal: AbortSignal) => Promise<T>) =>
      within(deadline, late, parts.stop, work);

    const timing = await inTime(startupDeadline, (signal) => this.getReady(signal));
    const deadline = (stage: keyof StageLimits) => this.readyAt + timing[stage] * 1000;
    this.tell(ExecutorReady);
    this.readyAt = Date.now();

    this.enter('volume_download');
    const request = await inTime(deadline('volume_download'), (signal) => this.fetchFiles(signal));
    this.tell(VolumesReady);

    this.enter('execution');
    const end = Math.min(deadline('execution'), Date.now() + timing.container * 1000);
    // The runner ends the job at its deadline and has its output; it is cut off only when its engine hangs.
    this.ending = await inTime(end + engineGrace, (signal) => this.execute(request, end, signal));
    if (this.ending.timedOut) throw late();
    if (this.ending.exitCode !== 0) throw badExit(this.ending.exitCode!, this.ending.stderr);
    this.tell(ExecutionDone);

    this.enter('result_upload');
    return inTime(deadline('result_upload'), (signal) => this.collect(request, signal));
  }

  /** Removes what the job has left on this machine. */
  async cleanUp(): Promise<void> {
    try {
      await this.runner?.cleanUp(this.initial.job_uuid);
    } finally {
      if (this.folders) await this.library.removeJobFolders(this.folders);
    }
  }

  private async getReady(signal: AbortSignal): Promise<StageLimits> {
    const { settings, logger, makeRunner } = this.parts;
    if (this.initial.streaming_details) throw errors.STREAMING_NOT_OFFERED();
    const timing = stageLimits(this.initial);
    if (!timing) throw errors.NO_TIME_LIMIT();
    this.library = await this.parts.library;
    this.runner = makeRunner(this.library);
    if (!this.runner.isolated)
      logger.warn('the job runs as a plain process: it is not isolated from this machine');
    this.folders = await this.library.makeJobFolders(settings.jobFolder, `horde-${this.initial.job_uuid}`);
    if (this.initial.docker_image) await this.runner.prepare(this.initial.docker_image, signal);
    return timing;
  }

  private async fetchFiles(signal: AbortSignal): Promise<JobRequest> {
    const { settings } = this.parts;
    const request = await until(this.parts.request, signal);
    if (request.raw_script !== null) throw errors.RAW_SCRIPT_NOT_OFFERED();
    if (this.initial.volume && request.volume) throw errors.VOLUME_GIVEN_TWICE();
    await this.library.downloadVolume(this.initial.volume ?? request.volume, this.folders!.volume, {
      maxBytes: settings.volumeMaxSizeBytes,
      allowPrivateAddresses: settings.allowPrivateAddresses,
      signal,
    });
    return request;
  }

  private async execute(request: JobRequest, deadline: number, signal: AbortSignal): Promise<Ending> {
    if (request.docker_image !== this.initial.docker_image)
      await this.runner!.prepare(request.docker_image, signal);
    const spec = {
      jobUuid: request.job_uuid,
      image: request.docker_image,
      command: request.docker_run_cmd,
      env: request.env,
      artifactsDir: request.artifacts_dir,
      gpu: request.docker_run_options_preset as 'nvidia_all' | 'none',
    };
    return this.runner!.run(spec, this.folders!, { signal, deadline });
  }

  private async collect(request: JobRequest, signal: AbortSignal): Promise<JobFinished> {
    const { stdout, stderr } = this.ending!;
    const finished = make(JobFinished, {
      job_uuid: request.job_uuid,
      docker_process_stdout: stdout,
      docker_process_stderr: stderr,
      artifacts: request.artifacts_dir
        ? await this.library.readArtifacts(this.folders!.artifacts, request.artifacts_dir)
        : new Map(),
      upload_results: await this.library.uploadOutput(request.output_upload, this.folders!.output, {
        allowPrivateAddresses: this.parts.settings.allowPrivateAddresses,
        signal,
      }),
    });
    const size = Buffer.byteLength(writeFrame(finished));
    if (size > limits.largestFrame) throw errors.RESULT_TOO_LARGE(size, limits.largestFrame);
    return finished;
  }

  private enter(stage: Stage): void {
    this.stage = stage;
    this.parts.logger.info({ stage }, `next stage: ${stage}`);
  }

  private tell(type: new () => { job_uuid: string }): void {
    this.parts.say(make(type, { job_uuid: this.initial.job_uuid }));
  }
}
