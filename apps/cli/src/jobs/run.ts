import type { JobStatus } from '@horde/protocol';
import { HordeClientError, type Job, type JobSpec } from '@horde/sdk';
import {
  namedAgain,
  resolveConnection,
  type Connection,
  type ConnectionOptions,
} from '../profiles/connection.ts';
import { Interrupted } from '../program/finish.ts';
import { print } from '../program/print.ts';
import { askLine, canAsk } from '../terminal/ask.ts';
import { Display } from '../terminal/display.ts';
import { showDryRun } from './dry-run.ts';
import { follow } from './follow.ts';
import { openPort } from './forward.ts';
import { uploadsOf, volumesOf, type Mount } from './mounts.ts';
import { showOutcome } from './outcome.ts';
import { makeSaveFolder } from './save-folder.ts';
import { clientWithValidator, executorClassOf } from './target.ts';
import { self } from '../program/self.ts';

export interface RunOptions extends ConnectionOptions {
  class?: string;
  namespace?: string;
  tag?: string;
  volume?: Mount[];
  upload?: { path: string; url: string }[];
  env?: Record<string, string>;
  artifacts?: string;
  save?: string;
  trusted?: boolean;
  download: number;
  time: number;
  uploadTime: number;
  stream?: number;
  streamTime: number;
  detach?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

const interrupted = 130;

/**
 * Runs a job and shows what becomes of it. Standard output gets what the job prints there, or its id with `detach`;
 * everything else goes to standard error.
 *
 * @returns the container's exit code; 125 where it has none; 130 after Ctrl-C
 */
export async function run(
  image: string,
  args: string[],
  options: RunOptions,
  signal: AbortSignal,
): Promise<number> {
  const connection = await resolveConnection(options);
  const spec = await specOf(image, args, options, connection);
  const client = await clientWithValidator(connection, signal);
  const creation = { onTrustedMiner: options.trusted ?? false, signal };
  if (options.dryRun) return showDryRun(await client.dryRun(spec, creation), options.json ?? false);
  if (options.save !== undefined) await makeSaveFolder(options.save);
  const port = options.stream === undefined ? null : await openPort(options.stream);
  const job = await client.createJob(spec, creation);
  if (options.detach) {
    print(options.json ? JSON.stringify({ uuid: job.uuid }) : job.uuid);
    return 0;
  }
  const display = new Display(process.stderr);
  display.say(`job ${job.uuid}`);
  const onStatus = async (status: JobStatus) => {
    if (!port || status !== 'streaming_ready') return;
    port.to(await job.waitForStreaming({ signal }));
    display.say(`the job listens: http://127.0.0.1:${port.port}/`);
  };
  try {
    await follow(job, display, { quiet: options.json ?? false, onStatus }, signal);
  } catch (error) {
    display.waiting(null);
    if (!signal.aborted) {
      display.say(goesOn(job, options));
      throw error;
    }
    await leave(job, signal.reason, options, display);
    return interrupted;
  } finally {
    port?.close();
  }
  return showOutcome(job, options, display.say);
}

async function specOf(
  image: string,
  args: string[],
  options: RunOptions,
  connection: Connection,
): Promise<JobSpec> {
  return {
    executorClass: executorClassOf(options.class, connection),
    jobNamespace: options.namespace ?? connection.namespace,
    tag: options.tag,
    dockerImage: image,
    args,
    env: options.env,
    artifactsDir: options.artifacts ?? (options.save === undefined ? null : '/artifacts'),
    inputVolumes: await volumesOf(options.volume ?? []),
    outputVolumes: uploadsOf(options.upload ?? []),
    downloadTimeLimit: options.download,
    executionTimeLimit: options.time,
    uploadTimeLimit: options.uploadTime,
    streaming: options.stream !== undefined,
    streamingStartTimeLimit: options.streamTime,
  };
}

/** After Ctrl-C: the job goes on, unless a person who can be asked wants it cancelled. */
async function leave(job: Job, reason: unknown, options: RunOptions, display: Display): Promise<void> {
  const byHand = reason instanceof Interrupted && reason.signal === 'SIGINT';
  const answer = byHand && canAsk() ? await askLine('\nCancel the job? [y/N] ') : null;
  if (answer !== null && /^y(es)?$/i.test(answer.trim())) {
    try {
      await job.cancel({ signal: AbortSignal.timeout(cancelWithin) });
      display.say('It is being cancelled.');
      return;
    } catch (error) {
      display.say(
        error instanceof HordeClientError ? error.message : `It could not be cancelled: ${String(error)}`,
      );
    }
  }
  display.say(goesOn(job, options));
}

const goesOn = ({ uuid }: Job, options: RunOptions): string =>
  `The job goes on. What becomes of it: ${self} jobs logs --follow ${namedAgain(uuid, options)}`;

/** @unit ms */
const cancelWithin = 15_000;
