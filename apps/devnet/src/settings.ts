import { IsInt, IsNotEmpty, IsNumber, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { env, envNumber, envSecret } from '@horde/settings';

export class DevnetSettings {
  /** The address it listens on. Whoever reaches it may change everything, so it is this machine's own. */
  @env('DEVNET_HOST') @IsString() host = '127.0.0.1';
  /** The port it listens on; 0: any free one. */
  @envNumber('DEVNET_PORT') @IsInt() @Min(0) @Max(65_535) port = 8600;
  /** The database that the chain is kept in, in a schema named devnet: `postgres://user:password@host:port/database`. Without one it is kept in DEVNET_STATE_FILE. */
  @envSecret('DATABASE_URL')
  @IsOptional()
  @Matches(/^postgres(ql)?:\/\//, { message: 'it must begin with postgres://' })
  databaseUrl?: string;
  /** Where the chain is kept between runs, where there is no DATABASE_URL; its folder is made when it is missing. */
  @env('DEVNET_STATE_FILE') @IsString() stateFile = 'devnet.json';
  /** Time between two blocks; another one than at the last start changes the pace. @unit seconds */
  @envNumber('DEVNET_BLOCK_TIME') @IsNumber() @Min(0.01) @Max(86_400) blockTime = 12;
  /** The number of its one subnet; the default is ComputeHorde's on the main network. */
  @envNumber('BITTENSOR_NETUID') @IsInt() @Min(0) @Max(65_535) netuid = 12;
  /** A file with all that take part, which is read at each start; nobody can be registered beside them then. JSON: `{"neurons": {HOTKEY: {"stake", "validator_permit"}}, "identities": {NAME: {"hotkey", "token"}}}`. Without it anybody is registered by a request. */
  @env('DEVNET_SUBNET_FILE') @IsOptional() @IsNotEmpty() subnetFile?: string;
}
