import { env, envNumber, envSecret } from '@horde/settings';
import { IsInt, IsNotEmpty, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import type { StageLimits } from './jobs/stages.ts';

/** The validator's settings; ComputeHorde's names and defaults where it has them. */
export class ValidatorSettings {
  /** The database: `postgres://user:password@host:port/database`. The tables live in the schema `validator`. */
  @envSecret('DATABASE_URL') @IsString() databaseUrl!: string;

  /** The Redis of the queues; without one, and without REDIS_HOST, queues live in the database. */
  @envSecret('REDIS_URL') @IsOptional() @IsString() redisUrlSetting?: string;
  /** As REDIS_URL, in ComputeHorde's form. */
  @env('REDIS_HOST') @IsOptional() @IsString() redisHost?: string;
  /** The port beside REDIS_HOST. */
  @envNumber('REDIS_PORT') @IsInt() @Min(1) @Max(65535) redisPort = 6379;

  /** Where the validator serves its health and version. */
  @env('HOST') @IsString() host = '0.0.0.0';
  /** The port it listens on for HTTP. */
  @envNumber('PORT') @IsInt() @Min(0) @Max(65535) port = 8000;

  /** The subnet. */
  @envNumber('BITTENSOR_NETUID') @IsInt() @Min(0) netuid!: number;
  /** The chain's name. The chain itself is reached through PYLON_ADDRESS. */
  @env('BITTENSOR_NETWORK') @IsString() network!: string;

  /** The validator's hotkey: the plain file `{directory}/{name}/hotkeys/{hotkey name}`. */
  @env('BITTENSOR_WALLET_DIRECTORY') @IsString() walletDirectory = '~/.bittensor/wallets';
  /** The wallet's folder in BITTENSOR_WALLET_DIRECTORY. */
  @env('BITTENSOR_WALLET_NAME') @IsNotEmpty() walletName!: string;
  /** The hotkey's file in the wallet. */
  @env('BITTENSOR_WALLET_HOTKEY_NAME') @IsNotEmpty() walletHotkeyName!: string;

  /** Pylon's HTTP API, the way to the chain. */
  @env('PYLON_ADDRESS')
  @Matches(/^https?:\/\//, { message: 'it must begin with http:// or https://' })
  pylonAddress = 'http://pylon:8000';
  /** The token that lets it act for its hotkey at Pylon. */
  @envSecret('PYLON_IDENTITY_TOKEN') @IsString() pylonIdentityToken = 'validator_token';

  /** The facilitator that jobs come from. */
  @env('FACILITATOR_URI')
  @Matches(/^wss?:\/\//, { message: 'it must begin with ws:// or wss://' })
  facilitatorUri = 'wss://facilitator.computehorde.io/ws/v0/';

  /** The versions that the validator tells the facilitator and anyone who asks at /version. */
  @env('VALIDATOR_VERSION') @IsString() version = 'unknown';
  /** The version of what started the validator, told beside its own. */
  @env('VALIDATOR_RUNNER_VERSION') @IsString() runnerVersion = 'unknown';

  /** All jobs go to the miner with this hotkey, at this address when both parts of it are set. For development. */
  @env('DEBUG_MINER_KEY') @IsOptional() @IsString() debugMinerKey?: string;
  /** The address of that miner. */
  @env('DEBUG_MINER_ADDRESS') @IsOptional() @IsString() debugMinerAddress?: string;
  /** The port of that miner. */
  @envNumber('DEBUG_MINER_PORT') @IsOptional() @IsInt() @Min(1) @Max(65535) debugMinerPort?: number;

  /** How long a miner may take to accept or decline a job, the connection to it included. @unit seconds */
  @envNumber('DYNAMIC_EXECUTOR_RESERVATION_TIME_LIMIT') @IsInt() @Min(1) reservationTimeLimit = 7;
  /** How long an executor may take to be ready, beyond its class's spin-up time. @unit seconds */
  @envNumber('DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT') @IsInt() @Min(0) startupTimeLimit = 5;
  /** What is added once to the limits of a job's stages. @unit seconds */
  @envNumber('DYNAMIC_ORGANIC_JOB_ALLOWED_LEEWAY_TIME') @IsInt() @Min(0) allowedLeeway = 5;

  /** What limits a job's stages beside its own limits. */
  get limits(): StageLimits {
    return {
      reservation: this.reservationTimeLimit,
      startup: this.startupTimeLimit,
      leeway: this.allowedLeeway,
    };
  }

  /** The Redis of the queues; null: they live in the database. */
  get redisUrl(): string | null {
    return this.redisUrlSetting ?? (this.redisHost ? `redis://${this.redisHost}:${this.redisPort}/0` : null);
  }
}
