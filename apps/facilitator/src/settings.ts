import { env, envList, envNumber, envSecret, ServiceSettings } from '@horde/settings';
import { IsAddressBlocks } from '@horde/transport';
import { IsInt, IsNotEmpty, IsString, Max, Min } from 'class-validator';

/** The facilitator's settings; ComputeHorde's names and defaults where it has them. */
export class FacilitatorSettings extends ServiceSettings {
  /** Where users and validators reach it. */
  @env('HOST') @IsString() host = '0.0.0.0';
  /** The port it listens on for HTTP. */
  @envNumber('PORT') @IsInt() @Min(0) @Max(65535) port = 9000;

  /** The reverse proxies whose X-Real-IP is believed: addresses, or blocks of them such as 10.0.0.0/8. */
  @envList('TRUSTED_PROXIES') @IsAddressBlocks() trustedProxies: string[] = ['127.0.0.0/8', '::1'];

  /** Signs nonces and login tokens. When it changes, everybody logs in again. */
  @envSecret('SECRET_KEY') @IsNotEmpty() secretKey!: string;

  /** The chain's name. The chain itself is reached through PYLON_ADDRESS. */
  @env('BITTENSOR_NETWORK') @IsString() override network = 'finney';
  /** The token that lets it read from Pylon. */
  @envSecret('PYLON_OPEN_ACCESS_TOKEN') @IsString() pylonOpenAccessToken = 'facilitator_token';

  /** How long a nonce may be used for a login. @unit seconds */
  @envNumber('NONCE_LIFETIME') @IsInt() @Min(1) nonceLifetime = 300;
  /** How long a login lasts. @unit seconds */
  @envNumber('JWT_LIFETIME') @IsInt() @Min(1) jwtLifetime = 3600;
}
