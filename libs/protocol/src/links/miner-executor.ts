import { Direction } from '../messages/message.ts';
import { GenericError } from './common.ts';
import * as job from './job-messages.ts';

/** What a miner sends an executor. */
export const minerToExecutor = new Direction('miner', 'executor', [
  GenericError,
  job.InitialJobRequest,
  job.JobRequest,
  job.CancelJob,
  job.JobOutputRequest,
]);

/** What an executor sends its miner. */
export const executorToMiner = new Direction('executor', 'miner', [
  GenericError,
  job.ExecutorReady,
  job.StreamingJobReady,
  job.VolumesReady,
  job.ExecutionDone,
  job.JobOutput,
  job.JobOutputChunk,
  job.JobProgress,
  job.JobFailed,
  job.JobFinished,
  job.MachineSpecs,
  job.HordeFailed,
  job.ExecutorFailed,
  job.StreamingJobNotReady,
]);

/** The path an executor connects to; its token is for one job. */
export const executorPath = (token: string): string => `/v0.1/executor_interface/${token}`;
