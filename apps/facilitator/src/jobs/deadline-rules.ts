import { executorClasses, type ExecutorClass, type Extension } from '@horde/protocol';

/** A validator of ours answers a job once it has stored it. @unit seconds */
const prompt = 60;
/** A Python validator tries for 300 s to tell what it could not tell. @unit seconds */
const whileResending = 330;
/** A job that nobody answers goes to each further connection of its validator, but not for ever. @unit seconds */
export const longestUnanswered = 900;

/** How long a validator may leave a job unanswered that it could have. @param spoken the extensions of its connection @unit seconds */
export const answerLimit = (spoken: readonly Extension[]): number =>
  spoken.length > 0 ? prompt : whileResending;

/** How long a job whose validator is away waits for an answer. @param grace how long it may be away @unit seconds */
export const absenceLimit = (grace: number): number => grace + prompt;

/** How long a validator may say nothing of a job beyond what the job itself takes. @param wait for a miner @unit seconds */
export const silenceLimit = (wait: number): number => wait + whileResending;

/** What a job may take from the moment when a miner has accepted it: its class's start, and its own limits. @unit seconds */
export function longestRun(job: {
  executor_class: ExecutorClass;
  download_time_limit: number;
  execution_time_limit: number;
  upload_time_limit: number;
  streaming_start_time_limit: number;
}): number {
  const limits = [
    job.download_time_limit,
    job.execution_time_limit,
    job.upload_time_limit,
    job.streaming_start_time_limit,
  ];
  return limits.reduce(
    (sum, limit) => sum + Math.max(0, limit),
    executorClasses[job.executor_class].spinUpTime,
  );
}
