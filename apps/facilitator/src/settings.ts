import { env, envNumber, envSecret } from '@horde/settings';
import { IsInt, IsNotEmpty, IsOptional, IsString, Matches, Max, Min } from 'class-validator';

/** The facilitator's settings; ComputeHorde's names and defaults where it has them. */
export class FacilitatorSettings {
  /** Where users and validators reach it. */
  @env('HOST') @IsString() host = '0.0.0.0';
  /** The port it listens on for HTTP. */
  @envNumber('PORT') @IsInt() @Min(0) @Max(65535) port = 8000;

  /** Signs nonces and login tokens. When it changes, everybody logs in again. */
  @envSecret('SECRET_KEY') @IsNotEmpty() secretKey!: string;

  /** The database: `postgres://user:password@host:port/database`. The tables live in the schema `facilitator`. */
  @envSecret('DATABASE_URL') @IsString() databaseUrl!: string;

  /** The Redis of the queues; without one, and without REDIS_HOST, queues live in the database. */
  @envSecret('REDIS_URL') @IsOptional() @IsString() redisUrlSetting?: string;
  /** As REDIS_URL, in two parts. */
  @env('REDIS_HOST') @IsOptional() @IsString() redisHost?: string;
  /** The port beside REDIS_HOST. */
  @envNumber('REDIS_PORT') @IsInt() @Min(1) @Max(65535) redisPort = 6379;

  /** The subnet. */
  @envNumber('BITTENSOR_NETUID') @IsInt() @Min(0) netuid!: number;
  /** The chain's name. The chain itself is reached through PYLON_ADDRESS. */
  @env('BITTENSOR_NETWORK') @IsString() network = 'finney';
  /** Pylon's HTTP API, the way to the chain. */
  @env('PYLON_ADDRESS')
  @Matches(/^https?:\/\//, { message: 'it must begin with http:// or https://' })
  pylonAddress = 'http://pylon:8000';
  /** The token that lets it read from Pylon. */
  @envSecret('PYLON_OPEN_ACCESS_TOKEN') @IsString() pylonOpenAccessToken = 'facilitator_token';

  /** How long a nonce may be used for a login. @unit seconds */
  @envNumber('NONCE_LIFETIME') @IsInt() @Min(1) nonceLifetime = 300;
  /** How long a login lasts. @unit seconds */
  @envNumber('JWT_LIFETIME') @IsInt() @Min(1) jwtLifetime = 3600;

  /** The Redis of the queues; null: they live in the database. */
  get redisUrl(): string | null {
    return this.redisUrlSetting ?? (this.redisHost ? `redis://${this.redisHost}:${this.redisPort}/0` : null);
  }
}
