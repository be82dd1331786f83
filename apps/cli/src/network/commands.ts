import { mkdir } from 'node:fs/promises';
import { dataFolder } from '../paths.ts';
import { row } from '../row.ts';
import { checkFreeDisk } from '../free-disk.ts';
import { claimStaying, endNetwork } from './end-network.ts';
import { startNetwork } from './network.ts';
import { isRunning } from './processes.ts';
import { isOwned, networkIds, readRecord, stayingNetwork, type NetworkRecord } from './record.ts';
import type { ServiceName } from './services.ts';

export interface UpOptions {
  ports: Partial<Record<ServiceName, number>>;
  executors: number;
  runner: 'docker' | 'process';
  say: (line: string) => void;
}

const usualPorts: Record<ServiceName, number> = {
  devnet: 8600,
  facilitator: 9000,
  validator: 8010,
  miner: 8000,
};

/** Starts the network and leaves it running. */
export async function up({ ports, executors, runner, say }: UpOptions, signal: AbortSignal): Promise<number> {
  const running = await readRecord(stayingNetwork);
  if (running && isOwned(running)) return sayRunning(running, say);
  await mkdir(dataFolder, { recursive: true, mode: 0o755 });
  await checkFreeDisk(dataFolder);
  const other = await claimStaying(say);
  if (other) return sayRunning(other, say);
  const wished = Object.fromEntries(
    Object.entries(usualPorts).map(([name, usual]) => {
      const given = ports[name as ServiceName];
      return [name, { port: given ?? usual, explicit: given !== undefined }];
    }),
  ) as Record<ServiceName, { port: number; explicit: boolean }>;
  if (runner === 'process')
    say('Jobs run as plain processes (--runner process): they are NOT isolated from this machine.');
  try {
    const network = await startNetwork({
      id: stayingNetwork,
      stays: true,
      ports: wished,
      runner,
      executors,
      databaseUrl: process.env['DATABASE_URL'] || null,
      redisUrl: givenRedis(process.env),
      say,
      signal,
    });
    say(row('user', network.keys.user.address));
    say(row('hotkey', `${network.keys.validator.address} (the validator)`));
    say(`The network is up. Logs are in ${network.folder}/logs; ./horde down ends it.`);
    say(`Next, run jobs on it: (. ${network.folder}/env/miner; ./horde run miner self_test)`);
    return 0;
  } catch (error) {
    await endNetwork(stayingNetwork, { keepData: true });
    throw error;
  }
}

/** @returns 0 when it runs whole, 1 when it is only being started or a part of it has ended */
function sayRunning(record: NetworkRecord, say: (line: string) => void): number {
  const starting = record.owner !== null;
  const whole = !starting && record.services.every(({ process }) => isRunning(process));
  if (starting) say(`The network is being started by another ./horde up (pid ${record.owner!.pid}).`);
  else if (whole) say('The network is up already.');
  else say('The network is up, but not all of it: ./horde down ends it, then ./horde up starts it again.');
  describe(record).forEach(say);
  return whole ? 0 : 1;
}

/** Redis as the services know it: REDIS_URL, or REDIS_HOST and REDIS_PORT. */
const givenRedis = ({ REDIS_URL, REDIS_HOST, REDIS_PORT }: NodeJS.ProcessEnv): string | null =>
  REDIS_URL || (REDIS_HOST ? `redis://${REDIS_HOST}:${REDIS_PORT || 6379}/0` : null);

/** Ends the network of `up`; its database stays for the next time. */
export async function down(say: (line: string) => void): Promise<number> {
  const record = await readRecord(stayingNetwork);
  if (!record) {
    say('The network is not up.');
    return 0;
  }
  await endNetwork(stayingNetwork, { keepData: true });
  say('The network is down. Its database stays for the next ./horde up.');
  return 0;
}

/** Says what runs. @returns 0 when the network of `up` runs whole, 1 otherwise */
export async function status(json: boolean, say: (line: string) => void): Promise<number> {
  const record = await readRecord(stayingNetwork);
  const services = (record?.services ?? []).map((service) => ({
    ...service,
    running: isRunning(service.process),
  }));
  const isUp = services.length > 0 && services.every(({ running }) => running);
  const demos = (await networkIds()).filter((id) => id !== stayingNetwork);
  if (!record) say('The network is not up; ./horde up starts it.');
  else describe(record).forEach(say);
  for (const id of demos) say(`${id} is running, or has left something that the next run clears away.`);
  if (json) {
    const list = services.map(({ name, url, process, running }) => ({
      name,
      url,
      pid: process.pid,
      running,
    }));
    say(JSON.stringify({ up: isUp, services: list, demos }));
  }
  return isUp ? 0 : 1;
}

const describe = ({ services }: NetworkRecord): string[] =>
  services.map(({ name, url, process }) =>
    row(name, isRunning(process) ? `${url} (pid ${process.pid})` : 'has ended'),
  );
