import { defaultExecutorClass, ExecutorClass } from '@horde/protocol';
import type { Durability } from '@horde/receipts';
import { env, envFlag, envList, envNumber, envSecret, SigningServiceSettings } from '@horde/settings';
import { IsAddressBlocks } from '@horde/transport';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsIP,
  IsNotEmpty,
  IsNotIn,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
  ValidateIf,
} from 'class-validator';
import { executorManagerRule } from './executors/executor-manager-names.ts';
import { IsWarmExecutors } from './executors/is-warm-executors.ts';
import { IsSs58 } from './identity/is-ss58.ts';

/** The miner's settings; ComputeHorde's names and defaults where it has them. */
export class MinerSettings extends SigningServiceSettings {
  /** The address the miner listens on. */
  @env('HOST') @IsString() host = '0.0.0.0';
  /** The port the miner listens on, for validators and executors. */
  @envNumber('BITTENSOR_MINER_PORT') @IsInt() @Min(0) @Max(65535) port!: number;
  /**
   * The address that executors reach the miner at. Those on other machines need one that they know it by.
   * @default for containers the gateway of this machine's Docker engine, else 127.0.0.1
   */
  @env('ADDRESS_FOR_EXECUTORS') @IsOptional() @IsNotEmpty() addressForExecutors: string | null = null;
  /** The port that executors reach the miner at. Without it: the one the miner listens on. */
  @envNumber('PORT_FOR_EXECUTORS') @IsOptional() @IsInt() @Min(1) @Max(65535) portForExecutors?: number;

  /** `GET /` answers 200 in place of leading to the panel: for what asks there whether the miner lives, such as the balancer of a DDoS shield. */
  @envFlag('ROOT_ANSWERS_200') @IsBoolean() rootAnswers = false;

  /** The address that validators reach the miner at, and users the streaming jobs on its machine: an IP address; a name, whose address is looked up each time that it is announced; `auto`: the one that the internet sees. */
  @env('BITTENSOR_MINER_ADDRESS')
  @ValidateIf(
    ({ minerAddress }: MinerSettings) => !/^[a-z\d-]*[a-z][a-z\d-]*(\.[a-z\d-]+)*$/i.test(minerAddress),
  )
  @IsIP(undefined, { message: 'it must be an IP address, a name, or auto' })
  @IsNotIn(['0.0.0.0', '::'], { message: 'it must be an address that others can connect to' })
  minerAddress = 'auto';
  /** Web services that answer with the address that they see, asked in turn for `auto`. @default https://checkip.amazonaws.com,https://icanhazip.com */
  @envList('PUBLIC_ADDRESS_SERVICES')
  @IsUrl({ require_tld: false, protocols: ['http', 'https'], require_protocol: true }, { each: true })
  publicAddressServices: string[] = ['https://checkip.amazonaws.com', 'https://icanhazip.com'];
  /** The hotkeys of which this miner names one when validators ask for its main hotkey, another one in each cycle. Without them: its own. */
  @envList('HOTKEYS_FOR_MAIN_HOTKEY_SELECTION')
  @IsSs58({ each: true })
  mainHotkeys: string[] = [];

  /** The miner writes its address and its manifest on the chain. Can be changed while it runs. @default true, unless MIGRATING */
  @envFlag('SERVING') @IsOptional() @IsBoolean() serving?: boolean;
  /** The address of the contract of USE_CONTRACT_CONFIG. */
  @env('CONFIG_CONTRACT_ADDRESS')
  @Matches(/^0x[\da-fA-F]{40}$/, { message: 'it must be 0x and 40 hexadecimal digits' })
  override configContract = '0x570A066b746561D721891F99D533B974914c3b22';
  /** Receipts are written to pages, and those are served. Can be changed while it runs. */
  @envFlag('DYNAMIC_RECEIPT_TRANSFER_ENABLED') @IsBoolean() receiptTransfer = false;
  /** Whether what is exchanged about each job with validators and executors is kept, without secrets, as long as the job: for its page in the panel. @default true */
  @envFlag('KEEP_FRAMES') @IsBoolean() keepFrames = true;
  /** The folder of those pages, which the miner makes. It has to outlast the miner: pages that validators have read must not change. @default receipts, in the folder that the miner is started in */
  @env('LOCAL_RECEIPTS_ROOT') @IsNotEmpty() receiptsRoot = 'receipts';
  /** When a receipt counts as on its page: `synced`: the disk has it; `written`: the system has it, and a machine that loses its power loses the last moments. */
  @env('RECEIPT_DURABILITY')
  @IsIn(['synced', 'written'], { message: 'it must be synced or written' })
  receiptDurability: Durability = 'synced';
  /** Images that every host of executors has before a job asks for them. Can be changed while it runs. */
  @envList('DYNAMIC_PRELOAD_DOCKER_JOB_IMAGES') @IsString({ each: true }) preloadedJobImages: string[] = [];
  /** The token that lets it act for its hotkey at Pylon. */
  @envSecret('PYLON_IDENTITY_TOKEN') @IsString() pylonIdentityToken = 'miner_token';

  /**
   * How executors are started: `docker`, as containers on this machine and on others; `process`; `module:Class` for a
   * manager of your own; or ComputeHorde's path of one of its own two.
   */
  @env('EXECUTOR_MANAGER_CLASS_PATH')
  @Matches(executorManagerRule.pattern, { message: executorManagerRule.sentence })
  executorManager = 'docker';
  /** The folder with that module; its setup.sh is run first, where it has one. Without it: the folder the miner is started in. */
  @env('VENDOR_DIRECTORY') @IsOptional() @IsString() vendorDirectory?: string;
  /** The image that executors are started from, by `docker`. */
  @env('EXECUTOR_IMAGE') @IsNotEmpty() executorImage = 'horde/executor:latest';
  /** The network of this machine's Docker engine that executors are in, beside the miner. Without it: the engine's own bridge. */
  @env('EXECUTOR_NETWORK') @IsOptional() @IsNotEmpty() executorNetwork?: string;
  /** The file that names the machines that executors run on, and whose GPUs are whose, by `docker`. @default one executor on this machine */
  @env('DOCKER_EXECUTORS_CONFIG_PATH') @IsNotEmpty() dockerExecutorsFile = '__default__';
  /** The file with the host keys of those machines, in the form of OpenSSH's known_hosts. Without it a host's key is pinned when it is first seen, in a file beside the one that names the machines. */
  @env('SSH_KNOWN_HOSTS') @IsOptional() @IsString() sshKnownHosts?: string;
  /** How much images that executors have fetched for jobs may take on a host, before those that were not needed for longest are removed; 0: no limit. @unit GB */
  @envNumber('JOB_IMAGES_MAX_GB') @IsInt() @Min(0) @Max(1_000_000) jobImagesMaxGb = 50;
  /** How much of a host's disk is to be free: with less, such images are removed, too; 0: they are not. @unit % */
  @envNumber('JOB_IMAGES_FREE_DISK') @IsInt() @Min(0) @Max(100) jobImagesFreeDisk = 15;
  /** Executors' containers are removed at their end. */
  @envFlag('DEBUG_AUTO_REMOVE_EXECUTOR_CONTAINERS') @IsBoolean() autoRemoveExecutors = true;
  /** A file with job runners, under its path on the executors' machines: executors get it. */
  @env('CUSTOM_JOB_RUNNERS_PATH')
  @ValidateIf(({ customJobRunner }: MinerSettings) => customJobRunner !== '')
  @IsNotEmpty({ message: 'CUSTOM_JOB_RUNNER_CLASS_NAME needs the file that has the class' })
  customJobRunnersFile = '';
  /** The class of that file that jobs are run with. */
  @env('CUSTOM_JOB_RUNNER_CLASS_NAME') @IsString() customJobRunner = '';
  /** The ports of a machine that users reach streaming jobs on, one for each executor: a range, a list, or pairs of an inner and an outer port, `6000:16000`. Of other machines the file that names them tells. */
  @env('STREAMING_PORTS') @IsString() streamingPorts = '6000-6999';
  /** The address of the miner's own machine that those ports are open at. Without it: all that it has. */
  @env('STREAMING_PORTS_ADDRESS') @IsOptional() @IsIP() streamingPortsAddress?: string;
  /** The class of executors where nothing else says it. @default spin_up-4min.gpu-24gb */
  @env('DEFAULT_EXECUTOR_CLASS') @IsIn(ExecutorClass) executorClass: ExecutorClass = defaultExecutorClass;
  /** How many executors the process manager runs at once. */
  @envNumber('PROCESS_EXECUTORS') @IsInt() @Min(1) @Max(10_000) processExecutors = 1;
  /** The executor's program and first arguments, separated by blanks. Without it: the executor beside this miner. */
  @env('EXECUTOR_COMMAND') @IsOptional() @IsString() executorCommand?: string;
  /** A folder for what executors print, a file for each job, removed two days after its last line. Without it that is dropped. */
  @env('EXECUTOR_LOG_FOLDER') @IsOptional() @IsString() executorLogFolder?: string;
  /** How long an executor may take to be ready, beyond its class's spin-up time. Can be changed while the miner runs. @unit seconds */
  @envNumber('DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT') @IsInt() @Min(0) startupTimeLimit = 5;
  /** How many executors are kept started and connected before there is a job for them: `2` of every class, or `always_on.llm.a6000=2,always_on.test=1`. */
  @env('WARM_EXECUTORS') @IsWarmExecutors() warmExecutors = '0';
  /** How old an executor may get: a warm one is replaced then, and one whose job names no limits is ended. A job that names some ends by those. @unit seconds */
  @envNumber('MAX_EXECUTOR_AGE') @IsInt() @Min(60) @Max(31_536_000) maxExecutorAge = 1_200;

  /** Executors use no GPU and look for none. For development. */
  @envFlag('DEBUG_NO_GPU_MODE') @IsBoolean() debugNoGpuMode = false;
  /** Validators are not asked to prove who they are. For development. */
  @envFlag('DEBUG_TURN_AUTHENTICATION_OFF') @IsBoolean() debugTurnAuthenticationOff = false;

  /** The reverse proxies whose X-Real-IP is believed: addresses, or blocks of them such as 10.0.0.0/8. */
  @envList('TRUSTED_PROXIES') @IsAddressBlocks() trustedProxies: string[] = ['127.0.0.0/8', '::1'];
  /** How many connections a validator may have open. ComputeHorde's open one for each job, and others for manifests. */
  @envNumber('MAX_CONNECTIONS_PER_VALIDATOR') @IsInt() @Min(1) connectionsPerValidator = 256;
  /** How many connections of validators one address may have open. */
  @envNumber('MAX_CONNECTIONS_PER_ADDRESS') @IsInt() @Min(1) connectionsPerAddress = 2_048;
  /** How many of those may be without an authentication, and half of how many may end in a minute without one. */
  @envNumber('MAX_UNAUTHENTICATED_PER_ADDRESS') @IsInt() @Min(1) unauthenticatedPerAddress = 256;
  /** How many frames of a validator are handled in a second, all its connections together. Further ones wait. */
  @envNumber('MAX_FRAMES_PER_SECOND') @IsInt() @Min(1) framesPerSecond = 2_000;
  /** How many requests of a validator for a job are looked at in a minute. Further ones are declined. */
  @envNumber('MAX_JOB_REQUESTS_PER_MINUTE') @IsInt() @Min(1) jobsPerMinute = 6_000;

  /** The miner serves one validator, which trusts it; no receipts are kept. */
  @envFlag('IS_LOCAL_MINER') @IsBoolean() isLocalMiner = false;
  /** The hotkey of that validator. */
  @env('LOCAL_MINER_VALIDATOR_PUBLIC_KEY')
  @ValidateIf(({ isLocalMiner }: MinerSettings) => isLocalMiner)
  @IsSs58({ message: 'a local miner needs the SS58 address of its validator' })
  localMinerValidator = '';

  /** The versions that the miner tells anyone who asks at /version. */
  @env('MINER_VERSION') @IsString() version = 'unknown';
  /** The version of what started the miner, told beside its own. */
  @env('MINER_RUNNER_VERSION') @IsString() runnerVersion = 'unknown';
}
