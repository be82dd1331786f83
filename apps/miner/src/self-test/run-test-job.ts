import { setTimeout as sleep } from 'node:timers/promises';
import {
  AcceptJob,
  DeclineJob,
  ExecutionDone,
  ExecutorManifest,
  ExecutorReady,
  executorClasses,
  HordeFailed,
  JobFailed,
  JobFinished,
  make,
  StreamingDetails,
  StreamingJobReady,
  VolumesReady,
  wireTimeNow,
  type Message,
} from '@horde/protocol';
import { TestConnection } from './test-connection.ts';
import { jobRequest, timing, type TestJob } from './test-job.ts';
import type { TestValidator } from './test-validator.ts';

/** Where the miner is, and who tests it. */
export interface TestedMiner {
  /** `host:port` */
  address: string;
  validator: TestValidator;
  /** How long its executors may take to be ready, beyond the spin-up time of their class. @unit seconds */
  startupTimeLimit: number;
  signal: AbortSignal;
}

/** A job that came to its end. */
export interface JobDone {
  jobUuid: string;
  stdout: string;
  /** From its request to the miner's acceptance. @unit ms */
  acceptedAfter: number;
  /** From there to the executor that is ready. @unit ms */
  readyAfter: number;
  /** All of it. @unit ms */
  tookMs: number;
}

/** The miner has no free executor for the job. */
export class Busy extends Error {
  override readonly name = 'Busy';
}

/** What is done with a streaming job while it runs. */
export interface Streaming {
  /** The user's certificate, PEM. */
  certificate: string;
  use: (ready: StreamingJobReady) => Promise<void>;
}

/** How long a validator waits for the answer to its first message. @unit ms */
const reservationLimit = 7_000;
/** How long a class without a free executor is asked again: the executor of the job before takes its time to be gone. @unit ms */
const busyLimit = 20_000;
/** The pause before it is asked again. @unit ms */
const busyPause = 1_000;
/** How long is waited beyond what a validator would, to tell a slow executor from a broken one. @unit ms */
const extraPatience = 60_000;

/**
 * Drives a job from its request to its finished receipt, as a validator does.
 *
 * @throws Busy, or an Error with the miner's sentence
 */
export async function runTestJob(miner: TestedMiner, job: TestJob, streaming?: Streaming): Promise<JobDone> {
  for (const giveUp = performance.now() + busyLimit; ;) {
    try {
      return await tryTestJob(miner, job, streaming);
    } catch (error) {
      if (!(error instanceof Busy) || performance.now() > giveUp) throw error;
      await sleep(busyPause, undefined, { signal: miner.signal });
    }
  }
}

async function tryTestJob(miner: TestedMiner, job: TestJob, streaming?: Streaming): Promise<JobDone> {
  const { validator, address, signal } = miner;
  const conversation = await TestConnection.open(address, validator, signal);
  const request = validator.initial(job.executorClass, {
    docker_image: job.image,
    executor_timing: timing,
    streaming_details: streaming ? make(StreamingDetails, { public_key: streaming.certificate }) : null,
  });
  const startedAt = wireTimeNow();
  const began = performance.now();
  const since = () => performance.now() - began;
  let accepted = false;
  try {
    await conversation.afterLogin(ExecutorManifest);
    await conversation.say(request);
    await answerTo(conversation, reservationLimit, AcceptJob);
    accepted = true;
    const acceptedAfter = since();
    const spinUp = (executorClasses[job.executorClass].spinUpTime + miner.startupTimeLimit) * 1_000;
    await conversation.say(
      validator.accepted(request.job_uuid, Math.ceil(spinUp / 1_000) + jobLimit / 1_000),
    );
    await answerTo(conversation, spinUp + extraPatience, ExecutorReady);
    const readyAfter = since() - acceptedAfter;
    if (readyAfter > spinUp) throw new Error(tooSlow(readyAfter, spinUp));
    await conversation.say(validator.payload(jobRequest(request.job_uuid, job)));
    await answerTo(conversation, jobLimit, VolumesReady);
    if (streaming) await streaming.use(await answerTo(conversation, jobLimit, StreamingJobReady));
    await answerTo(conversation, jobLimit, ExecutionDone);
    const { docker_process_stdout: stdout } = await answerTo(conversation, jobLimit, JobFinished);
    return { jobUuid: request.job_uuid, stdout, acceptedAfter, readyAfter, tookMs: since() };
  } finally {
    // Also what gives up a job that has not ended.
    if (accepted)
      await conversation.say(validator.finished(request.job_uuid, startedAt, since())).catch(() => {});
    await conversation.close();
  }
}

/** @unit ms */
const jobLimit =
  1_000 *
  (timing.allowed_leeway +
    timing.download_time_limit +
    timing.streaming_start_time_limit +
    timing.execution_time_limit +
    timing.upload_time_limit);

/** The next message of this class. @throws Busy, or an Error that says how the job ended instead */
async function answerTo<M extends Message>(
  conversation: TestConnection,
  limit: number,
  type: new () => M,
): Promise<M> {
  const answer = await conversation.next<Message>(limit, type, DeclineJob, JobFailed, HordeFailed);
  if (answer instanceof DeclineJob) {
    const sentence = `the miner declined it (${answer.reason}): ${answer.message}`;
    throw answer.reason === 'busy' ? new Busy(sentence) : new Error(sentence);
  }
  if (answer instanceof JobFailed) throw new Error(jobFailure(answer));
  if (answer instanceof HordeFailed)
    throw new Error(`the ${answer.reported_by} failed it (${answer.reason}): ${answer.message}`);
  return answer as M;
}

function jobFailure({ stage, reason, message, docker_process_stderr: stderr }: JobFailed): string {
  const printed = stderr?.trim().slice(-300);
  return `it failed at ${stage} (${reason}): ${message}${printed ? ` It printed: ${printed}` : ''}`;
}

const tooSlow = (took: number, limit: number): string =>
  `its executor was ready after ${(took / 1000).toFixed(1)} s, and validators wait ${limit / 1000} s`;
