import { tmpdir } from 'node:os';
import { env, envFlag, envNumber, envSecret } from '@horde/settings';
import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Matches, Max, Min, MinLength } from 'class-validator';
import { type JobRunnerName, jobRunnerNames } from './arguments.ts';

/** The executor's settings, under the names that ComputeHorde's miners pass them by. */
export class ExecutorSettings {
  /** The miner's websocket address: `ws://host:port`. */
  @env('MINER_ADDRESS')
  @Matches(/^wss?:\/\/[^\s/]+\/?$/, { message: 'it must look like ws://host:port' })
  minerAddress!: string;

  /** Names the one job that this executor is for, and lets it in at the miner. */
  @envSecret('EXECUTOR_TOKEN')
  @IsString()
  @MinLength(1)
  executorToken!: string;

  /**
   * How long the miner may be away at the start and at the end, when nothing else is waited for. @unit seconds
   * @default 30
   */
  @envNumber('MINER_ABSENCE_LIMIT')
  @Min(0)
  minerAbsenceLimit = 30;

  /** Run jobs that ask for GPUs without them. @default false */
  @envFlag('DEBUG_NO_GPU_MODE')
  @IsBoolean()
  noGpu = false;

  /** The executor runs beside the engine and not in a container of it. Accepted; both work alike here. @default false */
  @envFlag('EXECUTOR_ON_HOST')
  @IsBoolean()
  onHost = false;

  /** The most that one part of a volume may hold; 0 or less: no limit. @unit bytes @default 2 GiB */
  @envNumber('VOLUME_MAX_SIZE_BYTES')
  @IsInt()
  volumeMaxSizeBytes = 2_147_483_648;

  /** The largest archive of a job's output. Accepted; output is not archived by this executor. @unit bytes @default 2 GiB */
  @envNumber('OUTPUT_ZIP_UPLOAD_MAX_SIZE_BYTES')
  @IsInt()
  outputZipUploadMaxSizeBytes = 2_147_483_648;

  /** For Hugging Face volumes without a token of their own. Accepted; this executor fetches no such volumes. */
  @envSecret('HF_ACCESS_TOKEN')
  @IsOptional()
  @IsString()
  hfAccessToken: string | null = null;

  /** Where users reach a streaming job. Accepted; this executor refuses streaming jobs. @default 6006 */
  @envNumber('NGINX_PORT')
  @IsInt()
  @Min(1)
  @Max(65_535)
  nginxPort = 6006;

  /** What runs the job: `docker`, or `process` without any isolation. @default docker */
  @env('JOB_RUNNER')
  @IsIn(jobRunnerNames)
  jobRunner: JobRunnerName = 'docker';

  /** Whether volumes and uploads may lead to addresses outside the public internet. @default false */
  @envFlag('VOLUME_ALLOW_PRIVATE_ADDRESSES')
  @IsBoolean()
  allowPrivateAddresses = false;

  /** Holds the folders of jobs; the engine has to see it under the same path. @default the system's temporary folder */
  @env('JOB_FOLDER')
  @IsString()
  jobFolder = tmpdir();
}
