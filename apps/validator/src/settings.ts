import { env, envFlag, envList, envNumber, envSecret, SigningServiceSettings } from '@horde/settings';
import { IsAddressBlocks } from '@horde/transport';
import {
  ArrayNotEmpty,
  IsBoolean,
  IsInt,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
} from 'class-validator';

/** ComputeHorde's own collector of statistics. */
const collectorOfFinney = 'https://stats-collector.computehorde.io/stats_collector/v0/';

/** The validator's settings; ComputeHorde's names and defaults where it has them. */
export class ValidatorSettings extends SigningServiceSettings {
  /** Where the validator serves its panel, its health and its version. */
  @env('HOST') @IsString() host = '0.0.0.0';
  /** The port it listens on for HTTP. */
  @envNumber('PORT') @IsInt() @Min(0) @Max(65535) port = 8010;
  /** The reverse proxies whose X-Real-IP is believed: addresses, or blocks of them such as 10.0.0.0/8. */
  @envList('TRUSTED_PROXIES') @IsAddressBlocks() trustedProxies: string[] = ['127.0.0.0/8', '::1'];

  /** As BITTENSOR_NETWORK, a node of the same chain that keeps what was in all blocks: most keep the last 256. `none`: there is none. */
  @env('BITTENSOR_ARCHIVE_NETWORK') @IsString() archiveNetwork = 'archive';
  /** The token that lets it act for its hotkey at Pylon. */
  @envSecret('PYLON_IDENTITY_TOKEN') @IsString() pylonIdentityToken = 'validator_token';

  /** The facilitators that jobs come from, separated by commas. @default wss://facilitator.computehorde.io/ws/v0/ */
  @envList('FACILITATOR_URI')
  @ArrayNotEmpty({ message: 'it names no facilitator' })
  @Matches(/^wss?:\/\//, { each: true, message: 'each must begin with ws:// or wss://' })
  facilitatorUris: string[] = ['wss://facilitator.computehorde.io/ws/v0/'];

  /** Where what happens to the validator is sent, beside its own database. Empty: nowhere. @default ComputeHorde's, on finney; on other networks there is none */
  @env('STATS_COLLECTOR_URL')
  @IsOptional()
  @Matches(/^(https?:\/\/.*)?$/, { message: 'it must begin with http:// or https://' })
  statsCollectorUrl?: string;

  /** Where the validator's metrics are pushed to each 30 s, by Prometheus' remote write, signed with the hotkey as ComputeHorde's proxy signs them: `https://prometheus.bactensor.io/prometheus_inbound_proxy/` is where its own go; `http://HOST:9090/api/v1/write` is a Prometheus'. Without it nothing is pushed. */
  @envSecret('METRICS_REMOTE_WRITE_URL')
  @IsOptional()
  @IsUrl({ require_tld: false, protocols: ['http', 'https'], require_protocol: true, disallow_auth: true })
  metricsRemoteWriteUrl?: string;

  /** The versions that the validator tells the facilitator and anyone who asks at /version. */
  @env('VALIDATOR_VERSION') @IsString() version = 'unknown';
  /** The version of what started the validator, told beside its own. */
  @env('VALIDATOR_RUNNER_VERSION') @IsString() runnerVersion = 'unknown';

  /**
   * Jobs go only to miners whose executors' time this validator may spend, by its stake. Off: they go to others too, and
   * where it is enough it is booked all the same. For a network of one's own: there a new chain has no blocks yet that
   * gave any, and a validator may have nothing at stake.
   */
  @envFlag('ALLOWANCE_REQUIRED') @IsBoolean() allowanceRequired = true;
  /**
   * How long a job may wait for a miner, from its arrival on, where that can help: all are busy, or nobody can be reached.
   * With 0 it neither waits nor is a second miner asked. @unit seconds
   */
  @envNumber('JOB_WAIT_LIMIT') @IsInt() @Min(0) @Max(86_400) jobWaitLimit = 30;
  /**
   * How old a job's signature may be when it arrives: its user may take 300 s to send it, and the facilitator as long again
   * to deliver it, and more. @unit seconds
   */
  @envNumber('JOB_MAX_AGE') @IsInt() @Min(1) jobMaxAge = 900;
  /** How many miners are asked to run a job, one after the other, before one accepts it. */
  @envNumber('JOB_MAX_MINERS') @IsInt() @Min(1) @Max(100) jobMaxMiners = 5;

  /** All jobs go to the miner with this hotkey, at this address when both parts of it are set. For development. */
  @env('DEBUG_MINER_KEY') @IsOptional() @IsString() debugMinerKey?: string;
  /** The address of that miner. */
  @env('DEBUG_MINER_ADDRESS') @IsOptional() @IsString() debugMinerAddress?: string;
  /** The port of that miner. */
  @envNumber('DEBUG_MINER_PORT') @IsOptional() @IsInt() @Min(1) @Max(65535) debugMinerPort?: number;

  /** Where the miner is that jobs for a trusted miner go to; empty: such jobs are rejected. */
  @env('TRUSTED_MINER_ADDRESS') @IsString() trustedMinerAddress = '';
  /** The port of that miner; 0: there is none. */
  @envNumber('TRUSTED_MINER_PORT') @IsInt() @Min(0) @Max(65535) trustedMinerPort = 0;

  /**
   * What miners have deposited: `off`, nobody is asked for any; or JSON, `{"HOTKEY": "WEI"}`, in this file or here itself.
   * A miner with less than DYNAMIC_MINIMUM_COLLATERAL_AMOUNT_WEI then gets no jobs.
   */
  @env('COLLATERAL') @IsString() collateral = 'off';

  /** The key of the certificate that ComputeHorde's validator has made for miners behind a DDoS shield: it is used while that certificate is on the chain, and never written. @default shield/HOTKEY/validator_cert.pem in the wallet's folder */
  @env('BITTENSOR_SHIELD_CERTIFICATE_PATH') @IsOptional() @IsString() shieldCertificatePath?: string;
  /** No certificate is put on the chain. Miners behind a DDoS shield are then reached only with one that is there already. */
  @envFlag('BITTENSOR_SHIELD_DISABLE_UPLOADING_CERTIFICATE')
  @IsBoolean()
  shieldDisableUploadingCertificate = false;

  /** Weights are set. Can be changed while it runs. @default true, unless MIGRATING */
  @envFlag('SERVING') @IsOptional() @IsBoolean() serving?: boolean;
  /** Receipts are fetched from the miners. Can be changed while it runs. */
  @envFlag('DYNAMIC_RECEIPT_TRANSFER_ENABLED') @IsBoolean() receiptTransfer = false;
  /** Whether what is exchanged about each job with miners and facilitators is kept, without secrets, as long as the job: for its page in the panel. @default true */
  @envFlag('KEEP_FRAMES') @IsBoolean() keepFrames = true;
  /** Jobs of this validator that users have reported as cheated count in its weights all the same, as in ComputeHorde. */
  @envFlag('SCORE_CHEATED_JOBS') @IsBoolean() scoreCheatedJobs = false;
  /** How many weights the subnet asks for, where the way to the chain does not tell it. */
  @envNumber('SUBNET_MIN_ALLOWED_WEIGHTS') @IsInt() @Min(0) @Max(65535) minAllowedWeights = 1;
  /** The largest part of the weights that one neuron may have, where the way to the chain does not tell it. In 65535ths. */
  @envNumber('SUBNET_MAX_WEIGHT_LIMIT') @IsInt() @Min(1) @Max(65535) maxWeightLimit = 65_535;
  /** How long a miner may take to accept or decline a job, the connection to it included. Can be changed while it runs. @unit seconds */
  @envNumber('DYNAMIC_EXECUTOR_RESERVATION_TIME_LIMIT') @IsInt() @Min(1) reservationTimeLimit = 7;
  /** How long an executor may take to be ready, beyond its class's spin-up time. Can be changed while it runs. @unit seconds */
  @envNumber('DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT') @IsInt() @Min(0) startupTimeLimit = 5;
  /** What is added once to the limits of a job's stages. Can be changed while it runs. @unit seconds */
  @envNumber('DYNAMIC_ORGANIC_JOB_ALLOWED_LEEWAY_TIME') @IsInt() @Min(0) allowedLeeway = 5;

  /** The collector's address with a `/` at its end; null: there is none. */
  get statsCollector(): string | null {
    const url = this.statsCollectorUrl ?? (this.network === 'finney' ? collectorOfFinney : '');
    return url === '' ? null : `${url.replace(/\/+$/, '')}/`;
  }
  /** How long a miner that has lost a job gets none. Can be changed while it runs. @unit seconds */
  @envNumber('DYNAMIC_JOB_FAILURE_BLACKLIST_TIME_SECONDS') @IsInt() @Min(0) failureBlacklistTime = 14_400;
}
