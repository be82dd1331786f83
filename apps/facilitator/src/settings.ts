import { env, envFlag, envList, envNumber, envSecret, envSecretList, ServiceSettings } from '@horde/settings';
import { IsAddressBlocks } from '@horde/transport';
import { IsBoolean, IsInt, IsNotEmpty, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { IsOriginPatterns } from './http/origin-pattern.ts';

/** The facilitator's settings; ComputeHorde's names and defaults where it has them. */
export class FacilitatorSettings extends ServiceSettings {
  /** Where users and validators reach it. */
  @env('HOST') @IsString() host = '0.0.0.0';
  /** The port it listens on for HTTP. */
  @envNumber('PORT') @IsInt() @Min(0) @Max(65535) port = 9000;

  /** The reverse proxies whose X-Real-IP is believed: addresses, or blocks of them such as 10.0.0.0/8. */
  @envList('TRUSTED_PROXIES') @IsAddressBlocks() trustedProxies: string[] = ['127.0.0.0/8', '::1'];

  /** The hosts that validators reach it by, such as facilitator.example or facilitator.example:8443: a login that was meant for another facilitator does not count here. Empty: any. */
  @envList('PUBLIC_HOSTS') @IsString({ each: true }) publicHosts: string[] = [];

  /** Signs nonces and login tokens. */
  @envSecret('SECRET_KEY') @IsNotEmpty() secretKey!: string;
  /** Earlier SECRET_KEYs, and with several replicas the next one: what they have signed counts, too, and nobody has to log in again. */
  @envSecretList('SECRET_KEY_FALLBACKS') @IsString({ each: true }) secretKeyFallbacks: string[] = [];

  /** The chain's name. The chain itself is reached through PYLON_ADDRESS. */
  @env('BITTENSOR_NETWORK') @IsString() override network = 'finney';
  /** The token that lets it read from Pylon. */
  @envSecret('PYLON_OPEN_ACCESS_TOKEN') @IsString() pylonOpenAccessToken = 'facilitator_token';

  /** Miners are asked for their versions at private addresses, too, which the chain may name. @default false; true on the devnet */
  @envFlag('MINER_ALLOW_PRIVATE_ADDRESSES') @IsOptional() @IsBoolean() allowPrivateMiners?: boolean;

  /** Whether miners at private addresses are asked. */
  get privateMiners(): boolean {
    return this.allowPrivateMiners ?? this.network === 'devnet';
  }

  /** Users may create jobs. Can be changed while it runs. */
  @envFlag('ENABLE_ORGANIC_JOBS') @IsBoolean() enableOrganicJobs = true;

  /** How long a job is kept after its last status, with its result, its output and its feedback. @unit days */
  @envNumber('JOB_RETENTION_DAYS') @IsInt() @Min(1) @Max(36_500) jobRetention = 7;
  /** How long receipts that were fetched from miners are kept. @unit days */
  @envNumber('RECEIPT_RETENTION_DAYS') @IsInt() @Min(1) @Max(36_500) receiptRetention = 7;
  /** How long it is known which versions a miner had; the last one always. @unit days */
  @envNumber('MINER_VERSION_RETENTION_DAYS') @IsInt() @Min(1) @Max(36_500) minerVersionRetention = 30;
  /** How long it is known which machines miners were seen with. @unit days */
  @envNumber('MACHINE_SPECS_RETENTION_DAYS') @IsInt() @Min(1) @Max(36_500) machineRetention = 7;

  /** How long a nonce may be used for a login. @unit seconds */
  @envNumber('NONCE_LIFETIME') @IsInt() @Min(1) nonceLifetime = 300;
  /** How long a login lasts. @unit seconds */
  @envNumber('JWT_LIFETIME') @IsInt() @Min(1) jwtLifetime = 3600;

  /**
   * How long a validator that was connected counts as there: jobs for it are taken while it restarts. So long after its own
   * start this service ends no job of which nothing is heard. @unit seconds
   */
  @envNumber('VALIDATOR_GRACE_PERIOD') @IsInt() @Min(0) @Max(3600) validatorGracePeriod = 60;
  /** How long its validators let a job wait for a miner: their own JOB_WAIT_LIMIT, the largest one. A job is given up no earlier. @unit seconds */
  @envNumber('JOB_WAIT_LIMIT') @IsInt() @Min(0) @Max(86_400) jobWaitLimit = 30;

  /** How old a signature may be when its job is created. A request whose job there is already is answered with it later, too. @unit seconds */
  @envNumber('SIGNATURE_EXPIRE_DURATION') @IsInt() @Min(1) signatureExpireDuration = 300;
  /** Jobs may be signed by another hotkey than the one that is logged in. Validators decide for themselves whose they take. */
  @envFlag('ALLOW_OTHER_SIGNATORIES') @IsBoolean() allowOtherSignatories = false;

  /** How many jobs a hotkey may have unfinished at once, where whitelist_hotkey does not say otherwise; 0: any number. */
  @envNumber('MAX_UNFINISHED_JOBS') @IsInt() @Min(0) @Max(2_147_483_647) maxUnfinishedJobs = 1_000;
  /** How many jobs a hotkey may create in a minute, where whitelist_hotkey does not say otherwise; 0: any number. */
  @envNumber('MAX_CREATIONS_PER_MINUTE') @IsInt() @Min(0) @Max(2_147_483_647) maxCreationsPerMinute = 600;

  /** How often users may try to log in from one address in a minute, of IPv6 from one /64; 0: as often as they like. */
  @envNumber('MAX_LOGINS_PER_ADDRESS') @IsInt() @Min(0) maxLoginsPerAddress = 600;
  /** How often a hotkey may log in in a minute; 0: as often as it likes. */
  @envNumber('MAX_LOGINS_PER_HOTKEY') @IsInt() @Min(0) maxLoginsPerHotkey = 60;
  /** How many requests a hotkey that is logged in may send in a minute; 0: any number. */
  @envNumber('MAX_REQUESTS_PER_MINUTE') @IsInt() @Min(0) maxRequestsPerMinute = 30_000;

  /** Web pages of other origins may use the API, those of the next three settings. */
  @envFlag('CORS_ENABLED') @IsBoolean() corsEnabled = true;
  /** The origins of those pages, such as https://panel.example. */
  @envList('CORS_ALLOWED_ORIGINS')
  @Matches(/^(?:[a-z][a-z\d+.-]*:\/\/[^\s/?#]+|null)$/, {
    each: true,
    message: 'each must be a scheme and a host, such as https://panel.example',
  })
  corsAllowedOrigins: string[] = [];
  /** Patterns for their origins; each is for the whole of an origin. */
  @envList('CORS_ALLOWED_ORIGIN_REGEXES') @IsOriginPatterns() corsAllowedOriginRegexes: string[] = [];
  /** The pages of all origins may. */
  @envFlag('CORS_ALLOW_ALL_ORIGINS') @IsBoolean() corsAllowAllOrigins = false;
}
