import {
  IsBoolean,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { env, envFlag, envNumber, envSecret, SettingsError } from './settings.ts';

/** What every service with a database needs to know; ComputeHorde's names. */
export class ServiceSettings {
  /** The database: `postgres://user:password@host:port/database`. The tables live in a schema of the service's name. */
  @envSecret('DATABASE_URL')
  @Matches(/^postgres(ql)?:\/\//, { message: 'it must begin with postgres://' })
  databaseUrl!: string;

  /** The Redis of the queues; without one, and without REDIS_HOST, queues live in the database. */
  @envSecret('REDIS_URL')
  @IsOptional()
  @Matches(/^rediss?:\/\//, { message: 'it must begin with redis:// or rediss://' })
  redisUrlSetting?: string;
  /** As REDIS_URL, in two parts. */
  @env('REDIS_HOST') @IsOptional() @IsString() redisHost?: string;
  /** The port beside REDIS_HOST. */
  @envNumber('REDIS_PORT') @IsInt() @Min(1) @Max(65535) redisPort = 6379;

  /** The subnet. */
  @envNumber('BITTENSOR_NETUID') @IsInt() @Min(0) netuid!: number;
  /** The chain's name; `devnet` for the chain of one machine. The chain itself is reached through PYLON_ADDRESS; a validator asks a node, too, for what Pylon does not tell: the public one of `finney`, `test` or `local`, or that whose address (`wss://…`) stands here; with `none` it asks Pylon only. */
  @env('BITTENSOR_NETWORK') @IsString() network!: string;
  /** Pylon's HTTP API, the way to the chain. */
  @env('PYLON_ADDRESS')
  @Matches(/^https?:\/\//, { message: 'it must begin with http:// or https://' })
  pylonAddress = 'http://pylon:8000';

  /** The Redis of the queues; null: they live in the database. */
  get redisUrl(): string | null {
    return this.redisUrlSetting ?? (this.redisHost ? `redis://${this.redisHost}:${this.redisPort}/0` : null);
  }
}

/** What a service that signs with a hotkey needs to know beside that. */
export class SigningServiceSettings extends ServiceSettings {
  /** Holds the wallets; the hotkey is `{directory}/{wallet}/hotkeys/{hotkey}`. */
  @env('BITTENSOR_WALLET_DIRECTORY') @IsString() walletDirectory = '~/.bittensor/wallets';
  /** The wallet's folder in BITTENSOR_WALLET_DIRECTORY. */
  @env('BITTENSOR_WALLET_NAME') @IsNotEmpty() walletName!: string;
  /** The hotkey's file in the wallet. */
  @env('BITTENSOR_WALLET_HOTKEY_NAME') @IsNotEmpty() walletHotkeyName!: string;

  /** The service moves: another one serves for its hotkey. As SERVING=false while nothing else is said. */
  @envFlag('MIGRATING') @IsBoolean() migrating = false;
  /** Where settings that change while the service runs are read: a folder with `miner-config-ENV.json` or `validator-config-ENV.json`, and `common-config-ENV.json`. @default ComputeHorde's, on finney; on other networks there is none */
  @envSecret('DYNAMIC_CONFIG_URL')
  @IsOptional()
  @IsUrl({ require_tld: false, protocols: ['http', 'https'], require_protocol: true, disallow_auth: true })
  dynamicConfigUrl?: string;
  /** Those settings are read from a contract on the chain instead, at the node that BITTENSOR_NETWORK names. */
  @envFlag('USE_CONTRACT_CONFIG') @IsBoolean() useContractConfig = false;
  /** The ENV in those files' names. */
  @env('DYNAMIC_CONFIG_ENV')
  @Matches(/^[\w-]+$/, { message: 'it must be letters, digits, _ and -' })
  dynamicConfigEnvironment = 'prod';
  /** The address of that contract. */
  @env('CONFIG_CONTRACT_ADDRESS')
  @Matches(/^0x[\da-fA-F]{40}$/, { message: 'it must be 0x and 40 hexadecimal digits' })
  configContract = '0x6034a34677b7c715EA97ED25Ee6B2A8DcB7c641E';
}

/** Why a service with these settings cannot start. @param problem what is amiss with its hotkey, in a sentence */
export const unusableWallet = (problem: string): SettingsError =>
  new SettingsError([
    problem,
    'BITTENSOR_WALLET_DIRECTORY, BITTENSOR_WALLET_NAME and BITTENSOR_WALLET_HOTKEY_NAME say where it is.',
  ]);
