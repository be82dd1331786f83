import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import Docker from 'dockerode';
import { nameExampleImage } from '../example-image.ts';
import { dataFolder, root } from '../paths.ts';
import { localProfile } from '../profiles/config-file.ts';
import { row } from '../row.ts';
import { checkFreeDisk } from '../free-disk.ts';
import { claimStaying, endNetwork } from './end-network.ts';
import { startNetwork } from './network.ts';
import { panelLines } from './panels.ts';
import { isRunning } from './processes.ts';
import { isOwned, networkIds, readRecord, stayingNetwork, type NetworkRecord } from './record.ts';
import type { ServiceName } from './services.ts';
import { self } from '../program/self.ts';

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
    (await panelLines(network.record.services)).forEach(say);
    say(`The network is up. Logs are in ${network.folder}/logs; ${self} down ends it.`);
    say(`Next, run a job on it: ${await firstJob(runner)}`);
    return 0;
  } catch (error) {
    await endNetwork(stayingNetwork, { keepData: true });
    throw error;
  }
}

/** A line that runs a job on the network, as it stands. */
async function firstJob(runner: 'docker' | 'process'): Promise<string> {
  const line = `${self} jobs run --profile ${localProfile}`;
  if (runner === 'process') return `${line} none -- echo hello`;
  try {
    const image = await nameExampleImage(new Docker());
    const docs = path.relative(process.cwd(), path.join(root, 'docs'));
    return `${line} --volume ${docs} ${image} -- sh -c 'wc -w /volume/*.md'`;
  } catch {
    // Without a static busybox there is no image that needs no registry.
    return `${line} alpine -- echo hello`;
  }
}

/** @returns 0 when it runs whole, 1 when it is only being started or a part of it has ended */
async function sayRunning(record: NetworkRecord, say: (line: string) => void): Promise<number> {
  const starting = record.owner !== null;
  const whole = !starting && record.services.every(({ process }) => isRunning(process));
  if (starting) say(`The network is being started by another ${self} up (pid ${record.owner!.pid}).`);
  else if (whole) say('The network is up already.');
  else say(`The network is up, but not all of it: ${self} down ends it, then ${self} up starts it again.`);
  describe(record).forEach(say);
  if (!starting) (await panelLines(record.services)).forEach(say);
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
  say(`The network is down. Its database stays for the next ${self} up.`);
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
  if (!record) say(`The network is not up; ${self} up starts it.`);
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
