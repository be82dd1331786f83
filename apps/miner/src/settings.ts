import { defaultExecutorClass, ExecutorClass } from '@horde/protocol';
import { env, envFlag, envNumber, envSecret, SigningServiceSettings } from '@horde/settings';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsString,
  Max,
  Min,
  ValidateIf,
} from 'class-validator';
import { executorManagerNames } from './executors/executor-manager-names.ts';

/** The miner's settings; ComputeHorde's names and defaults where it has them. */
export class MinerSettings extends SigningServiceSettings {
  /** The address the miner listens on. */
  @env('HOST') @IsString() host = '0.0.0.0';
  /** The port the miner listens on, for validators and executors. */
  @envNumber('BITTENSOR_MINER_PORT') @IsInt() @Min(0) @Max(65535) port!: number;
  /** The address that executors reach the miner at. */
  @env('ADDRESS_FOR_EXECUTORS') @IsNotEmpty() addressForExecutors = '127.0.0.1';
  /** The port that executors reach the miner at. Without it: the one the miner listens on. */
  @envNumber('PORT_FOR_EXECUTORS') @IsOptional() @IsInt() @Min(1) @Max(65535) portForExecutors?: number;

  /** The token that lets it act for its hotkey at Pylon. */
  @envSecret('PYLON_IDENTITY_TOKEN') @IsString() pylonIdentityToken = 'miner_token';

  /** How executors are started: `process`, or ComputeHorde's path of its development manager. */
  @env('EXECUTOR_MANAGER_CLASS_PATH')
  @IsIn(executorManagerNames, {
    message: `this miner knows only ${executorManagerNames.join(' and ')}`,
  })
  executorManager = 'process';
  /** The class of the executors that the process manager runs. */
  @env('DEFAULT_EXECUTOR_CLASS') @IsIn(ExecutorClass) executorClass: ExecutorClass = defaultExecutorClass;
  /** How many executors the process manager runs at once. */
  @envNumber('PROCESS_EXECUTORS') @IsInt() @Min(1) @Max(10_000) processExecutors = 1;
  /** The executor's program and first arguments, separated by blanks. Without it: the executor beside this miner. */
  @env('EXECUTOR_COMMAND') @IsOptional() @IsString() executorCommand?: string;
  /** A folder for what executors print, a file for each job. Without it that is dropped. */
  @env('EXECUTOR_LOG_FOLDER') @IsOptional() @IsString() executorLogFolder?: string;
  /** How long an executor may take to be ready, beyond its class's spin-up time. @unit seconds */
  @envNumber('DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT') @IsInt() @Min(0) startupTimeLimit = 5;

  /** Executors use no GPU and look for none. For development. */
  @envFlag('DEBUG_NO_GPU_MODE') @IsBoolean() debugNoGpuMode = false;
  /** Validators are not asked to prove who they are. For development. */
  @envFlag('DEBUG_TURN_AUTHENTICATION_OFF') @IsBoolean() debugTurnAuthenticationOff = false;

  /** The miner serves one validator, which trusts it; no receipts are kept. */
  @envFlag('IS_LOCAL_MINER') @IsBoolean() isLocalMiner = false;
  /** The hotkey of that validator. */
  @env('LOCAL_MINER_VALIDATOR_PUBLIC_KEY')
  @ValidateIf(({ isLocalMiner }: MinerSettings) => isLocalMiner)
  @IsNotEmpty({ message: 'a local miner needs its validator' })
  localMinerValidator = '';

  /** The versions that the miner tells anyone who asks at /version. */
  @env('MINER_VERSION') @IsString() version = 'unknown';
  /** The version of what started the miner, told beside its own. */
  @env('MINER_RUNNER_VERSION') @IsString() runnerVersion = 'unknown';
}
