import { orAborted, steadyNow } from '@horde/async';
import type * as JobRunnerLibrary from '@horde/job-runner';
import type { Ending, JobFolders, JobSpec, RunOptions, StreamingRequest } from '@horde/job-runner';
import type { Logger } from '@horde/operations';
import {
  errors,
  ExecutionDone,
  executorClasses,
  ExecutorReady,
  type InitialJobRequest,
  JobFinished,
  JobProgress,
  type JobRequest,
  MachineSpecs,
  make,
  StreamingJobReady,
  VolumesReady,
  writeFrame,
} from '@horde/protocol';
import type { ExecutorSettings } from '../settings.ts';
import { byMachineClock } from './clock.ts';
import { badExit, type JobOutcome, overrun, type Progress } from './failure.ts';
import type { JobTrace } from './job-trace.ts';
import { maxResult } from './max-result.ts';
import type { Machine } from './machine.ts';
import type { KeptOutput } from '../miner/kept-output.ts';
import { OutputFeed } from '../miner/output-feed.ts';
import { type Stage, stageLimits, type StageLimits } from './stages.ts';
import { withDeadline } from './with-deadline.ts';

/** How long the engine may take, beside the job itself, to start and to end a container. @unit ms */
const engineGrace = 15_000;

/** What its peers read of a transfer's name. @unit characters */
const maxTransferName = 1024;

/** How long it may take to remove what the job has left. @unit ms */
const cleanUpLimit = 60_000;

/** What a job needs around it. */
export interface JobParts {
  settings: ExecutorSettings;
  logger: Logger;
  /** Resolves with the library that runs jobs. */
  library: Promise<typeof JobRunnerLibrary>;
  openMachine: (library: typeof JobRunnerLibrary) => Promise<Machine>;
  /** Resolves with the job request, when it comes; rejects when it came and is none. */
  request: Promise<JobRequest>;
  say: (message: object) => void;
  /** Says what may be lost: to a miner that wants to know, if it is there. */
  mention: (message: JobProgress) => void;
  /** Gets what the job prints, and is told when that is all. */
  kept: KeptOutput;
  /** Aborted when the job has to end at once; its reason is why. */
  stop: AbortSignal;
  trace: JobTrace;
}

/** One job on its way through its stages. */
export class Job {
  /** What it prints, while it runs. */
  readonly output = new OutputFeed();
  private stage: Stage = 'executor_startup';
  private outcome: JobOutcome | null = null;
  private cancelledBy: string | null = null;
  private over = false;
  private library!: typeof JobRunnerLibrary;
  private machine: Machine | null = null;
  private folders: JobFolders | null = null;
  /** Since when the time limits count, by `steadyNow`. */
  private readyAt = 0;
  /** Aborted when the job itself has to end: it was cancelled, or this machine must not run it. */
  private readonly ending = new AbortController();
  private readonly stop: AbortSignal;

  constructor(
    private readonly initial: InitialJobRequest,
    private readonly parts: JobParts,
  ) {
    this.stop = AbortSignal.any([parts.stop, this.ending.signal]);
  }

  /** How far the job has come. */
  get progress(): Progress {
    const { stage, outcome, cancelledBy } = this;
    return { jobUuid: this.initial.job_uuid, stage, outcome, cancelledBy };
  }

  /**
   * Ends the job at whatever stage it is; `run` then throws JOB_CANCELLED, and its container is gone.
   *
   * @param by who wants it, for people: `the user`
   * @returns whether that ends the job: false when it is over, or ends already
   */
  cancel(by: string): boolean {
    if (this.over || this.stop.aborted) return false;
    this.cancelledBy = by;
    this.ending.abort(errors.JOB_CANCELLED(by));
    return true;
  }

  /** Says how far a transfer is. */
  tellProgress(progress: Pick<JobProgress, 'stage' | 'name' | 'done' | 'total'>): void {
    const name = progress.name.slice(0, maxTransferName);
    this.parts.mention(make(JobProgress, { job_uuid: this.initial.job_uuid, ...progress, name }));
  }

  /**
   * Brings the job through all of its stages, telling the miner of each.
   *
   * @param startupDeadline when the executor has to be ready, by `steadyNow`
   * @param startupTimeLimit the same, in seconds from its start, for people
   * @returns the result that is to be delivered
   * @throws whatever kept the job from its result; `failureMessage` knows what to make of it
   */
  async run(startupDeadline: number, startupTimeLimit: number): Promise<JobFinished> {
    const late = () => overrun(this.stage, startupTimeLimit);
    this.parts.request.catch((error: unknown) => this.ending.abort(error));
    const inTime = <T>(deadline: number, work: (signal: AbortSignal) => Promise<T>) =>
      withDeadline(deadline, late, this.stop, work);
    try {
      const timing = await inTime(startupDeadline, (signal) => this.getReady(signal));
      const deadline = (stage: keyof StageLimits) => this.readyAt + timing[stage] * 1000;
      this.tell(ExecutorReady);
      this.readyAt = steadyNow();

      this.enter('volume_download');
      const request = await inTime(deadline('volume_download'), (signal) => this.fetchFiles(signal));
      this.tell(VolumesReady);

      const end = () => Math.min(deadline('execution'), steadyNow() + timing.container * 1000);
      this.enter(this.initial.streaming_details ? 'streaming_startup' : 'execution');
      const readyDeadline = deadline('streaming_startup');
      const startDeadline = this.initial.streaming_details ? readyDeadline : end();
      await inTime(startDeadline, (signal) => this.prepareContainer(request, signal));
      const ending = await this.execute(request, end(), this.streaming(readyDeadline), late);
      if (ending.timedOut) throw late();
      if (ending.exitCode !== 0 || ending.limit !== null) throw badExit(ending);
      this.tell(ExecutionDone);

      this.enter('result_upload');
      return await inTime(deadline('result_upload'), (signal) => this.collect(request, ending, signal));
    } finally {
      this.over = true;
      this.output.end();
      this.parts.kept.end();
    }
  }

  /** Removes what the job has left on this machine. */
  async cleanUp(): Promise<void> {
    const limit = AbortSignal.timeout(cleanUpLimit);
    try {
      if (this.machine) await orAborted(this.machine.close(this.initial.job_uuid), limit);
    } finally {
      if (this.folders)
        await orAborted(
          this.library.removeJobFolders(this.folders, this.machine?.docker ?? undefined),
          limit,
        );
    }
  }

  private async getReady(signal: AbortSignal): Promise<StageLimits> {
    const { settings, logger, openMachine } = this.parts;
    const timing = stageLimits(this.initial);
    if (!timing) throw errors.NO_TIME_LIMIT();
    this.library = await this.parts.library;
    this.machine = await openMachine(this.library);
    // Beside everything up to the container's start, and the end of the job as soon as it fails.
    this.machine.checked.catch((error: unknown) => this.ending.abort(error));
    const { runner } = this.machine;
    if (!runner.isolated)
      logger.warn('the job runs as a plain process: it is not isolated from this machine');
    this.folders = await this.library.makeJobFolders(
      settings.jobFolder,
      this.initial.job_uuid,
      this.machine.docker ? await this.library.ownerOn(this.machine.docker) : undefined,
    );
    if (this.initial.docker_image) await runner.prepare(this.initial.docker_image, signal);
    return timing;
  }

  private async fetchFiles(signal: AbortSignal): Promise<JobRequest> {
    const { settings } = this.parts;
    const request = await orAborted(this.parts.request, signal);
    if (this.initial.volume && request.volume) throw errors.VOLUME_GIVEN_TWICE();
    await this.library.downloadVolume(this.initial.volume ?? request.volume, this.folders!.volume, {
      maxBytes: settings.volumeMaxSizeBytes,
      allowPrivateAddresses: settings.allowPrivateAddresses,
      trustProxy: settings.trustProxy,
      hubUrl: settings.hfEndpoint,
      hfAccessToken: settings.hfAccessToken,
      onProgress: (progress) => this.tellProgress({ stage: 'download', ...progress }),
      signal,
    });
    return request;
  }

  private async prepareContainer(request: JobRequest, signal: AbortSignal): Promise<void> {
    const { runner, checked } = this.machine!;
    if (request.docker_image !== this.initial.docker_image)
      await runner.prepare(request.docker_image, signal);
    await orAborted(checked, signal);
  }

  /** The runner ends the job at its deadline and has its output; it is cut off only when its engine hangs. */
  private execute(
    request: JobRequest,
    deadline: number,
    streaming: StreamingRequest | undefined,
    late: () => Error,
  ): Promise<Ending> {
    const spec: JobSpec = {
      jobUuid: request.job_uuid,
      image: request.docker_image,
      command: request.docker_run_cmd,
      env: request.env,
      artifactsDir: request.artifacts_dir,
      // Only a class with GPUs has been checked for them.
      gpu: executorClasses[this.initial.executor_class].hasGpu ? request.docker_run_options_preset : 'none',
      script: request.raw_script,
    };
    return withDeadline(deadline + engineGrace, late, this.stop, async (signal) => {
      const options: RunOptions = {
        signal,
        deadline: byMachineClock(deadline),
        onOutput: (stream, chunk) => this.output.write(stream, chunk),
        onStored: (output) => this.parts.kept.take(output),
        onStopped: (printed) => (this.outcome = printed),
        ...(streaming && { streaming }),
      };
      const ending = await this.machine!.runner.run(spec, this.folders!, options);
      this.outcome = ending;
      return ending;
    });
  }

  /** What the runner has to know to let the job's user in; undefined: no job for that. */
  private streaming(readyDeadline: number): StreamingRequest | undefined {
    const details = this.initial.streaming_details;
    if (!details) return undefined;
    return {
      clientCertificate: details.public_key,
      address: details.executor_ip,
      port: this.parts.settings.nginxPort,
      readyDeadline: byMachineClock(readyDeadline),
      onReady: ({ certificate, port }) => {
        const { job_uuid } = this.initial;
        this.parts.say(make(StreamingJobReady, { job_uuid, public_key: certificate, port }));
        this.enter('execution');
      },
    };
  }

  private async collect(request: JobRequest, ending: Ending, signal: AbortSignal): Promise<JobFinished> {
    const { settings, say } = this.parts;
    const { artifacts, skipped } = request.artifacts_dir
      ? await this.library.readArtifacts(this.folders!.artifacts, request.artifacts_dir, signal)
      : { artifacts: new Map<string, string>(), skipped: null };
    const finished = make(JobFinished, {
      job_uuid: request.job_uuid,
      docker_process_stdout: ending.stdout,
      docker_process_stderr: withSentence(ending.stderr, skipped),
      artifacts,
      upload_results: await this.library.uploadOutput(request.output_upload, this.folders!.output, {
        maxArchiveBytes: settings.outputZipUploadMaxSizeBytes,
        allowPrivateAddresses: settings.allowPrivateAddresses,
        trustProxy: settings.trustProxy,
        signal,
      }),
    });
    const size = Buffer.byteLength(writeFrame(finished));
    if (size > maxResult) throw errors.RESULT_TOO_LARGE(size, maxResult);
    const specs = this.machine!.specs();
    if (specs) say(make(MachineSpecs, { job_uuid: request.job_uuid, specs }));
    return finished;
  }

  private enter(stage: Stage): void {
    this.stage = stage;
    this.parts.trace.enter(stage);
    this.parts.logger.info({ stage }, `next stage: ${stage}`);
  }

  private tell(type: new () => { job_uuid: string }): void {
    this.parts.say(make(type, { job_uuid: this.initial.job_uuid }));
  }
}

/** A text with a sentence of ours behind it, on a line of its own. */
function withSentence(text: string, sentence: string | null): string {
  if (sentence === null) return text;
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${sentence}\n`;
}
