import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { failures } from '../failures.ts';
import { JobOutput, type StreamName } from '../output/job-output.ts';
import type { Ending, JobFolders, JobRunner, JobSpec, RunOptions } from '../runner.ts';
import { writeScript } from '../script.ts';
import { untilDeadline } from '../until-deadline.ts';
import { why } from '../wording.ts';
import { withFolders } from './paths.ts';

/** How long the pipes of a job that is over may stay open: a process that left its group may hold them. */
const pipesLimit = 1_000;

export interface ProcessJobRunnerOptions {
  /** Bytes of stdout and stderr together; a job that prints more is killed. @default 2 GiB */
  logMaxBytes?: number | null;
}

/**
 * Runs a job's command as a plain process of this machine: it sees all that this user sees. For machines without a
 * Docker engine, and only where somebody asked for it.
 *
 * The image and the GPU preset are ignored. The process starts in the job's root folder with the job's variables, this
 * process's PATH and its HORDE_NETWORK, by which a local network finds what it left; nothing else. In arguments and
 * variables /volume, /output, the artifacts folder and /script.py stand for the job's own; inside files (scripts, for
 * one) they do not.
 *
 * Of the machine's limits only the one on what is printed holds: a process may write anywhere, so watching the job's
 * folders would keep it from nothing. A streaming job is refused.
 */
export class ProcessJobRunner implements JobRunner {
  readonly isolated = false;
  private readonly running = new Map<string, { child: ChildProcess; over: Promise<unknown> }>();

  constructor(private readonly options: ProcessJobRunnerOptions = {}) {}

  async prepare(_image: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
  }

  async run(spec: JobSpec, folders: JobFolders, options: RunOptions): Promise<Ending> {
    options.signal.throwIfAborted();
    if (options.streaming) {
      throw failures.STREAMING_NOT_ISOLATED();
    }
    const output = await JobOutput.open(folders, {
      ...(this.options.logMaxBytes && { maxBytes: this.options.logMaxBytes }),
      ...(options.onOutput && { onOutput: options.onOutput }),
      ...(options.onStored && { onStored: options.onStored }),
    });
    try {
      const outcome = await this.runProcess(spec, folders, output, options);
      await output.finish();
      return output.ending({ ...outcome, containerId: null, imageId: null });
    } catch (error) {
      await output.close().catch(() => {});
      options.onStopped?.(output.printed());
      throw error;
    }
  }

  async cleanUp(jobUuid: string): Promise<void> {
    const running = this.running.get(jobUuid);
    if (!running) return;
    killGroup(running.child);
    await running.over.catch(() => {}); // for its runner to tell
  }

  private async runProcess(spec: JobSpec, folders: JobFolders, output: JobOutput, options: RunOptions) {
    const refuse = async (exitCode: number, sentence: string) => {
      await output.write('stderr', Buffer.from(`${sentence}\n`));
      return { exitCode, timedOut: false, limit: null };
    };
    await writeScript(spec, folders);
    const { command, env } = withFolders(spec, folders);
    const [program, ...args] = command;
    if (!program) return refuse(127, 'The job has no command; a process has no image to take one from.');
    const network = process.env['HORDE_NETWORK'];
    let child: ChildProcess;
    try {
      child = spawn(program, args, {
        cwd: folders.root,
        env: { PATH: process.env['PATH'], ...env, ...(network && { HORDE_NETWORK: network }) },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true, // a process group of its own, so that the whole of it can be killed
      });
      await once(child, 'spawn');
    } catch (error) {
      const quoted = `The command ${JSON.stringify(program)}`;
      if ((error as NodeJS.ErrnoException).code === 'ENOENT')
        return refuse(127, `${quoted} is not on this machine.`);
      return refuse(126, `${quoted} cannot be run: ${why(error)}.`);
    }
    const over = this.follow(child, output, options);
    this.running.set(spec.jobUuid, { child, over });
    try {
      return await over;
    } finally {
      this.running.delete(spec.jobUuid);
    }
  }

  private async follow(child: ChildProcess, output: JobOutput, options: RunOptions) {
    const pumped = Promise.all([
      pump(child.stdout!, 'stdout', output),
      pump(child.stderr!, 'stderr', output),
    ]);
    const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    const stop = async () => {
      killGroup(child);
      await exited;
    };
    const failed = pumped.then(() => exited);
    failed.catch(() => {}); // looked at below, once
    let ended: Awaited<typeof exited> | string | null;
    try {
      ended = await untilDeadline(Promise.race([exited, output.overLimit, failed]), options, stop);
      if (typeof ended === 'string') await stop();
    } finally {
      killGroup(child);
      await lastOutput(child, pumped);
    }
    if (typeof ended === 'string') return { exitCode: 137, timedOut: false, limit: ended };
    if (!ended) return { exitCode: null, timedOut: true, limit: null };
    const [code, signal] = ended;
    return { exitCode: code ?? 128 + constants.signals[signal!], timedOut: false, limit: null };
  }
}

/** Waits for what a job that is over has printed; a process that left its group may hold the pipes open. */
async function lastOutput(child: ChildProcess, pumped: Promise<unknown>): Promise<void> {
  const cut = () => [child.stdout, child.stderr].forEach((pipe) => pipe!.destroy());
  const timer = setTimeout(cut, pipesLimit);
  await pumped.catch(() => {}).finally(() => clearTimeout(timer)); // what went wrong has ended the job already
}

async function pump(pipe: Readable, stream: StreamName, output: JobOutput): Promise<void> {
  try {
    for await (const chunk of pipe) await output.write(stream, chunk as Buffer);
  } catch (error) {
    // Cut off above, by ourselves.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

function killGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
