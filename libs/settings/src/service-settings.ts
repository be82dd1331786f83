import {
  IsBoolean,
  IsEmail,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  IsPositive,
  IsString,
  IsUrl,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { env, envFlag, envList, envNumber, envSecret, SettingsError } from './settings.ts';

const bucketName = /^[a-zA-Z\d-]{6,63}$/;
const bucketRule = { message: 'it must be the name of a bucket: 6 to 63 letters, digits and dashes' };

/** What every service with a database needs to know; ComputeHorde's names. */
export class ServiceSettings {
  /** The database: `postgres://user:password@host:port/database`. The tables live in a schema of the service's name. */
  @envSecret('DATABASE_URL')
  @Matches(/^postgres(ql)?:\/\//, { message: 'it must begin with postgres://' })
  databaseUrl!: string;

  /** How large the database may get, in GB of 1,000,000,000 bytes, for the alert that its disk fills: where the server runs on another machine, or in a container, nothing else tells. */
  @envNumber('DATABASE_ROOM_GB') @IsOptional() @IsNumber() @IsPositive() databaseRoomGb?: number;

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

  /** Whoever sends it as `Authorization: Bearer TOKEN` may read /metrics and /business-metrics at the service's port, of at least 16 characters. Without it nobody may. */
  @envSecret('METRICS_TOKEN')
  @IsOptional()
  @Matches(/^[\x21-\x7e]{16,1024}$/, {
    message: 'it must be at least 16 printable characters without blanks',
  })
  metricsToken?: string;
  /** A port of their own, where they are read without a token. Without it there is none. */
  @envNumber('METRICS_PORT') @IsOptional() @IsInt() @Min(0) @Max(65535) metricsPort?: number;
  /** The address that METRICS_PORT listens on. In a container another one: never publish the port then. */
  @env('METRICS_HOST') @IsNotEmpty() metricsHost = '127.0.0.1';

  /** A port where all of the service is served encrypted, beside the one where it is not. It needs TLS_CERTIFICATE and TLS_KEY, or ACME_DOMAINS. */
  @envNumber('TLS_PORT') @IsOptional() @IsInt() @Min(0) @Max(65535) tlsPort?: number;
  /** The file of its certificate, PEM, with those between it and its root. Another one in this place is taken up within seconds. */
  @env('TLS_CERTIFICATE') @IsOptional() @IsNotEmpty() tlsCertificate?: string;
  /** The file of the certificate's key, PEM, not encrypted. */
  @env('TLS_KEY') @IsOptional() @IsNotEmpty() tlsKey?: string;
  /** The names that an ACME authority gives the certificate for, such as panel.example: it is ordered and renewed by the service, kept in its database, and the authority's terms are agreed to. */
  @envList('ACME_DOMAINS')
  @Matches(/^[a-z\d-]+(\.[a-z\d-]+)+$/, { each: true, message: 'each must be a name such as panel.example' })
  acmeDomains: string[] = [];
  /** Whom the authority writes to. */
  @env('ACME_EMAIL') @IsOptional() @IsEmail() acmeEmail?: string;
  /** The authority: the address of its directory. */
  @env('ACME_DIRECTORY')
  @Matches(/^https:\/\//, { message: 'it must begin with https://' })
  acmeDirectory = 'https://acme-v02.api.letsencrypt.org/directory';
  /** Where the authority's questions are answered: it asks at port 80 of the names. Without it: at the service's own port alone. */
  @envNumber('ACME_PORT') @IsOptional() @IsInt() @Min(0) @Max(65535) acmePort?: number;

  /** The account of the panel that is made at start where there is none, if DEFAULT_ADMIN_PASSWORD is set. */
  @env('DEFAULT_ADMIN_USERNAME') @Matches(/^[\w.@+-]{1,150}$/) defaultAdminName = 'admin';
  /** Its password, of at least 12 characters. It is changed at the first login; once there is an account, this counts no more. */
  @envSecret('DEFAULT_ADMIN_PASSWORD')
  @IsOptional()
  @Length(12, 1024, { message: 'it must have at least 12 characters' })
  defaultAdminPassword?: string;
  /** It need not be changed at the first login: nobody has chosen it. */
  @envFlag('DEFAULT_ADMIN_PASSWORD_STAYS') @IsBoolean() defaultAdminPasswordStays = false;
  /** The service runs in a container, and its port is published at 127.0.0.1 alone: what comes from the container's gateway comes from the machine itself, and may log in to the panel. */
  @envFlag('PUBLISHED_ON_LOOPBACK') @IsBoolean() publishedOnLoopback = false;
  /** The hotkeys that may log in to the panel with `horde panel login`, each with what it may do: `5F…:read`, `5F…:operate`. */
  @envList('PANEL_HOTKEYS')
  @Matches(/^[1-9A-HJ-NP-Za-km-z]{46,50}:(read|operate)$/, {
    each: true,
    message: 'each must be a hotkey with read or operate, such as 5F…:read',
  })
  panelHotkeys: string[] = [];
  /** Where browsers find the panel over TLS, such as https://panel.example: a hotkey logs in there, and on the machine itself. */
  @envList('PANEL_ORIGINS')
  @Matches(/^https:\/\/[a-z\d.-]+(:\d+)?$/, {
    each: true,
    message: 'each must be such as https://panel.example',
  })
  panelOrigins: string[] = [];
  /** The panels of the other services of one's own network, to which the pages of jobs lead: `validator=http://127.0.0.1:8010`, separated by commas. */
  @envList('OTHER_PANELS')
  @Matches(/^(facilitator|validator|miner)=https?:\/\/[\w.:[\]-]+$/, {
    each: true,
    message: 'each must be such as validator=http://127.0.0.1:8010',
  })
  otherPanels: string[] = [];
  /** The file in which the runner that has started the service writes what an operator should look at, such as an update that was taken back. Without it, and while the file is not there, nothing is. */
  @env('RUNNER_NOTE') @IsOptional() @IsNotEmpty() runnerNote?: string;
  /** A web address that is told when something needs a person, by a POST of JSON that Slack, Discord, Mattermost and the like show. `send_test_alert` tries it. */
  @envSecret('ALERT_WEBHOOK_URL')
  @IsOptional()
  @IsUrl({ require_tld: false, protocols: ['http', 'https'], require_protocol: true })
  alertWebhookUrl?: string;
  /** The mail server that tells the same: `smtps://user:password@host` or `smtp://host:port`. */
  @envSecret('ALERT_MAIL_SERVER')
  @IsOptional()
  @IsUrl({ require_tld: false, protocols: ['smtp', 'smtps'], require_protocol: true })
  alertMailServer?: string;
  /** Whom it is mailed to. */
  @envList('ALERT_MAIL_TO') @IsEmail({ require_tld: false }, { each: true }) alertMailTo: string[] = [];
  /** Whom the mail is from. Without it: the first of those. */
  @env('ALERT_MAIL_FROM') @IsOptional() @IsEmail({ require_tld: false }) alertMailFrom?: string;

  /** The folder that backups of the database are put into, each night. */
  @env('BACKUP_FOLDER') @IsOptional() @IsNotEmpty() backupFolder?: string;
  /** A bucket that they are put into, of S3 or what answers as it does: `https://s3.example/bucket`. */
  @env('BACKUP_S3_ADDRESS')
  @IsOptional()
  @IsUrl({ require_tld: false, protocols: ['http', 'https'], require_protocol: true, disallow_auth: true })
  backupS3Address?: string;
  /** The bucket's region. */
  @env('BACKUP_S3_REGION') @IsNotEmpty() backupS3Region = 'us-east-1';
  /** The key of the bucket: its id. */
  @env('BACKUP_S3_KEY_ID') @IsOptional() @IsNotEmpty() backupS3KeyId?: string;
  /** The key of the bucket: its secret. */
  @envSecret('BACKUP_S3_KEY_SECRET') @IsOptional() @IsNotEmpty() backupS3KeySecret?: string;
  /** A bucket of Backblaze B2 that they are put into: its name. */
  @env('BACKUP_B2_BUCKET') @IsOptional() @Matches(bucketName, bucketRule) backupB2BucketSetting?: string;
  /** As BACKUP_B2_BUCKET, which counts where both are set. */
  @env('BACKUP_B2_BUCKET_NAME') @IsOptional() @Matches(bucketName, bucketRule) backupB2BucketName?: string;
  /** An application key that reads, writes, lists and removes there: its id. */
  @env('BACKUP_B2_KEY_ID') @IsOptional() @IsNotEmpty() backupB2KeyId?: string;
  /** That key: its secret. */
  @envSecret('BACKUP_B2_KEY_SECRET') @IsOptional() @IsNotEmpty() backupB2KeySecret?: string;
  /** Whom backups are encrypted for: `age1…`, which `make_backup_key` prints. What decrypts them belongs on another machine. */
  @envList('BACKUP_KEYS')
  @Matches(/^age1[0-9a-z]{58}$/, { each: true, message: 'each must be such as age1…' })
  backupKeys: string[] = [];
  /** How many backups stay in each place: the newest. */
  @envNumber('BACKUP_LOCAL_ROTATE_KEEP_LAST') @IsInt() @Min(1) @Max(10_000) backupsKept = 7;

  /** How large the database may get. @unit bytes */
  get databaseRoom(): number | undefined {
    return this.databaseRoomGb === undefined ? undefined : this.databaseRoomGb * 1e9;
  }

  /** The bucket of B2 for backups. */
  get backupB2Bucket(): string | undefined {
    return this.backupB2BucketSetting ?? this.backupB2BucketName;
  }

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
