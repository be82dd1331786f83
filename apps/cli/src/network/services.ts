import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { walletsFolder } from '../paths.ts';
import { hotkeyName, type Signer } from './keys.ts';
import { markOf } from './record.ts';

export const serviceNames = ['devnet', 'facilitator', 'validator', 'miner'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** The subnet's number on the devnet; that of the real network. */
const netuid = 12;

const identityTokens = { validator: randomBytes(16).toString('hex'), miner: randomBytes(16).toString('hex') };
export const tokenOf = (signer: 'validator' | 'miner'): string => identityTokens[signer];

export interface NetworkPlan {
  /** The network's id; every process of it carries it. */
  id: string;
  folder: string;
  databaseUrl: string;
  redisUrl: string | null;
  ports: Record<ServiceName, number>;
  /** How jobs are run. */
  runner: 'docker' | 'process';
  /** How many executors the miner offers. */
  executors: number;
  /** The facilitator's key for nonces and tokens. */
  secretKey: string;
  /** What metrics are read with. */
  metricsToken: string;
  /** What the accounts of the panels begin with; null: there are none. */
  panelPassword: string | null;
}

export const executorClass = 'always_on.test';
const host = '127.0.0.1';
/** Executors that wait for jobs, started: each takes the memory of a process. */
const maxWarm = 2;

/** The environment of a service, under the names that its operators know. */
export function environmentOf(service: ServiceName, plan: NetworkPlan): Record<string, string> {
  return { ...passedOn(), HORDE_NETWORK: markOf(plan.id), ...ownOf(service, plan) };
}

/** What sets a service of the network up, as lines for a shell: with them its own commands can be run beside it. */
export function exportsOf(service: ServiceName, plan: NetworkPlan): string {
  const quoted = (value: string) => `'${value.replaceAll("'", "'\\''")}'`;
  return Object.entries(ownOf(service, plan))
    .map(([name, value]) => `export ${name}=${quoted(value)}\n`)
    .join('');
}

/** The services that have a panel. */
export const panelServices: readonly ServiceName[] = ['facilitator', 'validator', 'miner'];
/** The account that each of them begins with. */
export const panelAccount = 'admin';

const ownOf = (service: ServiceName, plan: NetworkPlan): Record<string, string> => ({
  ...own[service](plan),
  ...(panelServices.includes(service) && { ...accountOf(plan), ...otherPanels(service, plan) }),
});

const otherPanels = (service: ServiceName, { ports }: NetworkPlan): Record<string, string> => ({
  OTHER_PANELS: panelServices
    .filter((other) => other !== service)
    .map((other) => `${other}=http://${host}:${ports[other]}`)
    .join(','),
});

const accountOf = ({ panelPassword }: NetworkPlan): Record<string, string> =>
  panelPassword === null
    ? {}
    : {
        DEFAULT_ADMIN_USERNAME: panelAccount,
        DEFAULT_ADMIN_PASSWORD: panelPassword,
        DEFAULT_ADMIN_PASSWORD_STAYS: 'true',
      };

const own: Record<ServiceName, (plan: NetworkPlan) => Record<string, string>> = {
  devnet: ({ ports, folder }) => ({
    DEVNET_HOST: host,
    DEVNET_PORT: String(ports.devnet),
    DEVNET_STATE_FILE: path.join(folder, 'devnet.json'),
  }),
  facilitator: (plan) => ({
    ...common(plan),
    HOST: host,
    PORT: String(plan.ports.facilitator),
    SECRET_KEY: plan.secretKey,
  }),
  validator: (plan) => ({
    ...common(plan),
    ...wallet('validator'),
    HOST: host,
    PORT: String(plan.ports.validator),
    PYLON_IDENTITY_TOKEN: tokenOf('validator'),
    FACILITATOR_URI: `ws://${host}:${plan.ports.facilitator}/ws/v0/`,
    // The blocks of a chain that has just begun have given nothing yet.
    ALLOWANCE_REQUIRED: 'false',
    // Its one miner may have lost a job, and still gets the next.
    DYNAMIC_JOB_FAILURE_BLACKLIST_TIME_SECONDS: '0',
  }),
  miner: (plan) => ({
    ...common(plan),
    ...wallet('miner'),
    HOST: host,
    BITTENSOR_MINER_PORT: String(plan.ports.miner),
    BITTENSOR_MINER_ADDRESS: host,
    ADDRESS_FOR_EXECUTORS: host,
    PORT_FOR_EXECUTORS: String(plan.ports.miner),
    PYLON_IDENTITY_TOKEN: tokenOf('miner'),
    LOCAL_RECEIPTS_ROOT: path.join(plan.folder, 'receipts'),
    DYNAMIC_RECEIPT_TRANSFER_ENABLED: 'true',
    EXECUTOR_MANAGER_CLASS_PATH: 'process',
    DEFAULT_EXECUTOR_CLASS: executorClass,
    PROCESS_EXECUTORS: String(plan.executors),
    WARM_EXECUTORS: String(Math.min(plan.executors, maxWarm)),
    JOB_RUNNER: plan.runner,
    JOB_FOLDER: path.join(plan.folder, 'jobs'),
    // A network that is gone in a moment need not check the machine again that its predecessor has checked.
    ...(process.env['HORDE_CACHE'] && { JOB_CHECK_FOLDER: process.env['HORDE_CACHE'] }),
    // The job's files come from and go to this machine.
    VOLUME_ALLOW_PRIVATE_ADDRESSES: 'true',
  }),
};

const common = ({ databaseUrl, redisUrl, ports, metricsToken }: NetworkPlan): Record<string, string> => ({
  DATABASE_URL: databaseUrl,
  ...(redisUrl ? { REDIS_URL: redisUrl } : {}),
  PYLON_ADDRESS: `http://${host}:${ports.devnet}`,
  BITTENSOR_NETUID: String(netuid),
  BITTENSOR_NETWORK: 'devnet',
  METRICS_TOKEN: metricsToken,
});

const wallet = (signer: Signer): Record<string, string> => ({
  BITTENSOR_WALLET_DIRECTORY: walletsFolder,
  BITTENSOR_WALLET_NAME: signer,
  BITTENSOR_WALLET_HOTKEY_NAME: hotkeyName,
});

/** What services may know of the caller's environment: nothing that could set them up in another way. */
function passedOn(): Record<string, string> {
  const names = [
    'PATH',
    'HOME',
    'LANG',
    'TZ',
    'DOCKER_HOST',
    'DOCKER_TLS_VERIFY',
    'DOCKER_CERT_PATH',
    'NODE_COMPILE_CACHE',
    'LOG_LEVEL',
    'LOG_FORMAT',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_EXPORTER_OTLP_HEADERS',
    'HORDE_ROOT',
    'TMPDIR',
  ];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
