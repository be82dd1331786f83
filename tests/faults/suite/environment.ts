import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { ExecutorClass } from '@horde/protocol';
import type { NetworkOptions } from './options.ts';
import type { ServiceName } from './service.ts';

const netuid = 12;
export const executorClass = 'always_on.test';
/** Those that executors are of. */
export function executorClassesOf({ classes = 1 }: Pick<NetworkOptions, 'classes'>): ExecutorClass[] {
  const others = ExecutorClass.filter((name) => name !== executorClass);
  return [executorClass, ...others.slice(0, classes - 1)];
}
export const host = '127.0.0.1';

/** What may be in no log. */
export const secrets = {
  secretKey: randomBytes(32).toString('hex'),
  metricsToken: randomBytes(32).toString('hex'),
  validatorToken: randomBytes(16).toString('hex'),
  minerToken: randomBytes(16).toString('hex'),
};

/** The ports that services are reached by: each its own, or that of a link. */
export interface Places {
  mark: string;
  folder: string;
  ports: Record<ServiceName, number>;
  /** Where each has the database, by its link. */
  databaseUrl: (service: ServiceName) => string;
  /** Where each has the chain. */
  chain: (service: ServiceName) => number;
  facilitatorOfValidator: number;
  /** Where executors have their Docker engine; null: nowhere. */
  engine: string | null;
  /** Where services have Redis; null: they have none. */
  redis: string | null;
  minerOfExecutors: number;
}

/** What sets a service up, as `./horde up` does it, with links where those reach each other. */
export function environmentOf(
  service: ServiceName,
  places: Places,
  options: NetworkOptions,
): NodeJS.ProcessEnv {
  const passed = ['PATH', 'HOME', 'NODE_COMPILE_CACHE'];
  return {
    ...Object.fromEntries(passed.map((name) => [name, process.env[name]])),
    HORDE_NETWORK: places.mark,
    HORDE_FAULTS_STARTS: startsFile(places.folder),
    HORDE_FAULTS_BREAK: options.broken ?? '',
    ...own[service](places, options),
  };
}

export const startsFile = (folder: string): string => path.join(folder, 'starts');
export const executorsSocket = (folder: string): string => path.join(folder, 'executors.sock');
export const jobsFolder = (folder: string): string => path.join(folder, 'jobs');
export const receiptsFolder = (folder: string): string => path.join(folder, 'receipts');
/** Programs of the miner's machine, before all others. */
export const programsFolder = (folder: string): string => path.join(folder, 'programs');
export const walletsFolder = (folder: string): string => path.join(folder, 'wallets');

const runners = path.resolve('tests/faults/suite/counting-runners.ts');
const runnerClasses = { noop: 'CountingProcessRunner', docker: 'CountingContainerRunner' };

const own: Record<ServiceName, (places: Places, options: NetworkOptions) => Record<string, string>> = {
  devnet: ({ ports, folder }) => ({
    DEVNET_HOST: host,
    DEVNET_PORT: String(ports.devnet),
    DEVNET_STATE_FILE: path.join(folder, 'devnet.json'),
  }),
  facilitator: (places, { measured = false }) => ({
    ...common('facilitator', places),
    PORT: String(places.ports.facilitator),
    SECRET_KEY: secrets.secretKey,
    // A user's quota is not what is measured.
    ...(measured && { MAX_CREATIONS_PER_MINUTE: '0', MAX_UNFINISHED_JOBS: '0', JOB_WAIT_LIMIT: waitLimit }),
  }),
  validator: (places, { measured = false }) => ({
    ...common('validator', places),
    ...wallet('validator', places),
    PORT: String(places.ports.validator),
    PYLON_IDENTITY_TOKEN: secrets.validatorToken,
    FACILITATOR_URI: `ws://${host}:${places.facilitatorOfValidator}/ws/v0/`,
    ALLOWANCE_REQUIRED: 'false',
    DYNAMIC_RECEIPT_TRANSFER_ENABLED: String(!measured),
    ...(measured && { JOB_WAIT_LIMIT: waitLimit }),
    // Its one miner fails jobs when it is killed, and still gets the next.
    DYNAMIC_JOB_FAILURE_BLACKLIST_TIME_SECONDS: '0',
  }),
  miner: (places, { jobs, runner, executors, classes }) => ({
    ...common('miner', places),
    ...wallet('miner', places),
    BITTENSOR_MINER_PORT: String(places.ports.miner),
    BITTENSOR_MINER_ADDRESS: host,
    ADDRESS_FOR_EXECUTORS: host,
    PORT_FOR_EXECUTORS: String(places.minerOfExecutors),
    PYLON_IDENTITY_TOKEN: secrets.minerToken,
    // The chain tells the address of its link.
    SERVING: 'false',
    LOCAL_RECEIPTS_ROOT: receiptsFolder(places.folder),
    DYNAMIC_RECEIPT_TRANSFER_ENABLED: 'true',
    EXECUTOR_LOG_FOLDER: path.join(places.folder, 'logs'),
    DEFAULT_EXECUTOR_CLASS: executorClass,
    ...(executors === 'noop'
      ? {
          EXECUTOR_MANAGER_CLASS_PATH: `${path.resolve('tests/faults/suite/noop-manager.mjs')}:NoopManager`,
          HORDE_FAULTS_SOCKET: executorsSocket(places.folder),
          HORDE_FAULTS_EXECUTORS: String(jobs),
          HORDE_FAULTS_CLASSES: executorClassesOf({ classes }).join(),
        }
      : { EXECUTOR_MANAGER_CLASS_PATH: 'process', PROCESS_EXECUTORS: String(jobs) }),
    WARM_EXECUTORS: String(warmExecutors(jobs)),
    // Several start at once, beside whatever else this machine does.
    DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT: '60',
    PATH: [programsFolder(places.folder), process.env['PATH']].join(path.delimiter),
    JOB_RUNNER: `${runners}:${runnerClasses[runner]}`,
    JOB_FOLDER: jobsFolder(places.folder),
    ...(places.engine !== null && { DOCKER_HOST: places.engine, JOB_MEMORY_BYTES: jobMemory }),
  }),
};

/** How long jobs may wait where many are to. @unit s */
const waitLimit = '3600';

/** How much a container may take, so that some run out of it. @unit bytes */
const jobMemory = String(64 * 1024 ** 2);

/** How many executors wait for jobs. */
export const warmExecutors = (jobs: number): number => Math.min(2, jobs);

const common = (service: ServiceName, places: Places): Record<string, string> => ({
  HOST: host,
  DATABASE_URL: places.databaseUrl(service),
  PYLON_ADDRESS: `http://${host}:${places.chain(service)}`,
  BITTENSOR_NETUID: String(netuid),
  BITTENSOR_NETWORK: 'devnet',
  METRICS_TOKEN: secrets.metricsToken,
  ...(places.redis !== null && { REDIS_URL: places.redis }),
});

const wallet = (name: string, { folder }: Places): Record<string, string> => ({
  BITTENSOR_WALLET_DIRECTORY: walletsFolder(folder),
  BITTENSOR_WALLET_NAME: name,
  BITTENSOR_WALLET_HOTKEY_NAME: 'default',
});
