import { tmpdir } from 'node:os';
import { ExecutorClass } from '@horde/protocol';
import { env, envFlag, envList, envNumber, envSecret } from '@horde/settings';
import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Matches, Max, Min, MinLength } from 'class-validator';
import { jobRunnerRule } from './arguments.ts';
import { count, flag, IsPerClass, memory, processors, size, word } from './per-class.ts';

/** The executor's settings, under the names that ComputeHorde's miners pass them by. */
export class ExecutorSettings {
  /** The miner's websocket address: `ws://host:port`. */
  @env('MINER_ADDRESS')
  @Matches(/^wss?:\/\/[^\s/]+\/?$/, { message: 'it must look like ws://host:port' })
  minerAddress!: string;

  /**
   * Names the one job that this executor is for, and lets it in at the miner. One that begins with `warm-` is that of
   * an executor whose job comes later.
   */
  @envSecret('EXECUTOR_TOKEN')
  @IsString()
  @MinLength(1)
  executorToken!: string;

  /** The class of the jobs to come, for an executor that has none yet. @default always_on.test */
  @env('EXECUTOR_CLASS')
  @IsIn(ExecutorClass, { message: 'it must be an executor class, such as always_on.test' })
  executorClass: ExecutorClass = 'always_on.test';

  /**
   * How long the miner may be away at the start and at the end, when nothing else is waited for, and how long it may take,
   * once it has the result, to store what the job has printed. @unit seconds
   * @default 30
   */
  @envNumber('MINER_ABSENCE_LIMIT')
  @Min(0)
  minerAbsenceLimit = 30;

  /** Run jobs that ask for GPUs without them, and do not describe this machine to the miner. @default false */
  @envFlag('DEBUG_NO_GPU_MODE')
  @IsBoolean()
  noGpu = false;

  /**
   * The GPUs that jobs here get, and that this executor describes: indices or UUIDs, as `nvidia-smi -L` shows them. A
   * miner sets it from `gpus` of its servers' file. @default all of the machine
   */
  @envList('EXECUTOR_GPUS')
  @Matches(/^(\d{1,3}|(GPU|MIG)-[\da-fA-F-]{36}|MIG-GPU-[\da-fA-F-]{36}\/\d+\/\d+)$/, {
    each: true,
    message: 'it must be a list of indices, or of UUIDs such as GPU-… and MIG-…',
  })
  gpus: string[] = [];

  /** The executor runs beside the engine and not in a container of it. Accepted; both work alike here. @default false */
  @envFlag('EXECUTOR_ON_HOST')
  @IsBoolean()
  onHost = false;

  /** The most that one part of a volume may hold; 0 or less: no limit. @unit bytes @default 2 GiB */
  @envNumber('VOLUME_MAX_SIZE_BYTES')
  @IsInt()
  volumeMaxSizeBytes = 2_147_483_648;

  /**
   * The largest archive of a job's output, and the largest single file of it that is uploaded; 0 or less: no limit.
   * @unit bytes @default 2 GiB
   */
  @envNumber('OUTPUT_ZIP_UPLOAD_MAX_SIZE_BYTES')
  @IsInt()
  outputZipUploadMaxSizeBytes = 2_147_483_648;

  /** For Hugging Face volumes that come without a token of their own. */
  @envSecret('HF_ACCESS_TOKEN')
  @IsOptional()
  @IsString()
  hfAccessToken: string | null = null;

  /** The hub that Hugging Face volumes are fetched from. */
  @env('HF_ENDPOINT')
  @Matches(/^https?:\/\/[^\s/]+/, { message: 'it must begin with http:// or https://' })
  hfEndpoint = 'https://huggingface.co';

  /** Where users reach a streaming job. */
  @envNumber('NGINX_PORT')
  @IsInt()
  @Min(1)
  @Max(65_535)
  nginxPort = 6006;

  /**
   * What runs the job: `docker`; `process`, without any isolation; or `path/to/module.ts:ClassName` for a class of
   * your own. The option --job-runner-class replaces it. @default docker
   */
  @env('JOB_RUNNER')
  @Matches(jobRunnerRule.pattern, { message: jobRunnerRule.sentence })
  jobRunner = 'docker';

  /** Whether volumes and uploads may lead to addresses outside the public internet. @default false */
  @envFlag('VOLUME_ALLOW_PRIVATE_ADDRESSES')
  @IsBoolean()
  allowPrivateAddresses = false;

  /**
   * Whether the proxy of HTTP_PROXY or HTTPS_PROXY may be asked for names of volumes and uploads that do not resolve on
   * this machine, whatever they lead to. @default false
   */
  @envFlag('VOLUME_TRUST_PROXY')
  @IsBoolean()
  trustProxy = false;

  /** Holds the folders of jobs; the engine has to see it under the same path. @default the system's temporary folder */
  @env('JOB_FOLDER')
  @IsString()
  jobFolder = tmpdir();

  /** Remembers for an hour that the check of this machine's safety has passed. @default JOB_FOLDER */
  @env('JOB_CHECK_FOLDER')
  @IsOptional()
  @IsString()
  checkFolder: string | null = null;

  /**
   * The most memory that a job may use, page cache and /dev/shm included; it gets no swap. Bytes, or as `8g`; may
   * differ by executor class: `class=value,class=value,*=value`. @default the machine's less a reserve of 5 %, at least 1 GiB
   */
  @env('JOB_MEMORY_BYTES') @IsPerClass(memory) jobMemoryBytes: string | null = null;

  /** How many processors a job may use, fractions allowed; more than there are means all; may differ by executor class. @default the machine's less 0.2 */
  @env('JOB_CPUS') @IsPerClass(processors) jobCpus: string | null = null;

  /** How many processes and threads a job may have; may differ by executor class. @default 4096 */
  @env('JOB_PIDS') @IsPerClass(count) jobPids: string | null = null;

  /** The size of a job's /dev/shm, which counts as memory too: bytes, or as `1g`; may differ by executor class. @default half of the job's memory */
  @env('JOB_SHM_BYTES') @IsPerClass(size) jobShmBytes: string | null = null;

  /**
   * How much a job may write to its container, /volume, /output and the artifacts folder together: bytes, or as
   * `100g`; may differ by executor class. @default the free disk less 5 GB
   */
  @env('JOB_DISK_MAX_BYTES') @IsPerClass(size) jobDiskMaxBytes: string | null = null;

  /** How much a job may print to stdout and stderr together: bytes, or as `2g`; may differ by executor class. @default 2 GiB */
  @env('JOB_LOG_MAX_BYTES') @IsPerClass(size) jobLogMaxBytes: string | null = null;

  /** The engine's runtime for jobs: runc, crun, sysbox-runc, kata; may differ by executor class. @default the engine's own */
  @env('JOB_RUNTIME') @IsPerClass(word) jobRuntime: string | null = null;

  /**
   * The oldest NVIDIA container toolkit that jobs are run with; anything below 1.17.8 counts as 1.17.8, since jobs get
   * out of their container through older ones (CVE-2025-23266). @default 1.17.8
   */
  @env('JOB_NVIDIA_TOOLKIT')
  @Matches(/^\d+\.\d+\.\d+$/, { message: 'it must be a version such as 1.17.8' })
  nvidiaToolkit = '1.17.8';

  /** Whether a job's root file system is read-only, with a writable /tmp in memory; may differ by executor class. @default false */
  @env('JOB_READ_ONLY_ROOT') @IsPerClass(flag) jobReadOnlyRoot: string | null = null;

  /** Whether jobs run without any capability, not even Docker's harmless ones; may differ by executor class. @default false */
  @env('JOB_DROP_CAPABILITIES') @IsPerClass(flag) jobDropCapabilities: string | null = null;

  /**
   * The registries, or parts of them, that jobs' images may come from: `docker.io/library,ghcr.io,localhost:5000`.
   * `*` stands for all registries of the public internet; one that is not of it has to be named. @default *
   */
  @envList('JOB_ALLOWED_REGISTRIES') @IsString({ each: true }) jobAllowedRegistries: string[] = [];

  /** Whether only images that are named by their digest are run; may differ by executor class. @default false */
  @env('JOB_REQUIRE_DIGEST') @IsPerClass(flag) jobRequireDigest: string | null = null;

  /** Whether images that are pulled are marked in the engine, so that the miner can remove those that no job needs any more. Its Docker manager sets it. @default false */
  @envFlag('MARK_PULLED_IMAGES') @IsBoolean() marksPulled = false;

  /** Whether this executor waits for its job: it connects when its machine is ready, and is given one later. */
  get isWarm(): boolean {
    return this.executorToken.startsWith('warm-');
  }
}
