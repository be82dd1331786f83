import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres, type PostgresServer } from '@horde/embedded-postgres';
import type { Keypair } from '@horde/identity';
import { bundleOf, walletsFolder } from '../paths.ts';
import type { Profile } from '../profiles/config-file.ts';
import { row } from '../row.ts';
import { together } from '../together.ts';
import { hotkeyName, networkKeys, type Signer } from './keys.ts';
import { panelPassword } from './panels.ts';
import { choosePorts } from './ports.ts';
import { identify } from './processes.ts';
import { exportsFile, folderOf, thisProcess, writeRecord, type NetworkRecord } from './record.ts';
import { openServiceLog } from './service-log.ts';
import {
  environmentOf,
  executorClass,
  exportsOf,
  serviceNames,
  tokenOf,
  type NetworkPlan,
  type ServiceName,
} from './services.ts';

export interface StartNetwork {
  id: string;
  /** true: it outlives this process and stays until `down`. */
  stays: boolean;
  ports: Record<ServiceName, { port: number; explicit: boolean }>;
  runner: 'docker' | 'process';
  executors: number;
  /** Servers that are there already; null: a Postgres of its own, and queues in it. */
  databaseUrl: string | null;
  redisUrl: string | null;
  /** Told a line for everything that a person may want to know. */
  say: (line: string) => void;
  signal: AbortSignal;
  /** Told, with a sentence, when a service ends after it had been ready. */
  onEnded?: (error: Error) => void;
}

export interface Network {
  id: string;
  folder: string;
  keys: Record<Signer, Keypair>;
  urls: Record<ServiceName, string>;
  record: NetworkRecord;
}

/** How long a service may take from its start until it is ready. @unit ms */
const readyWithin = 120_000;

/**
 * Starts Postgres (unless one is given), the devnet, facilitator and miner, and then the validator; returns
 * when all are ready. When it throws, `endNetwork(id)` clears away what had been started.
 */
export async function startNetwork(options: StartNetwork): Promise<Network> {
  const { id, signal } = options;
  const folder = folderOf(id);
  const record: NetworkRecord = {
    id,
    owner: thisProcess(),
    stays: options.stays,
    postgresFolder: null,
    services: [],
    profile: null,
  };
  await writeRecord(record);
  await mkdir(path.join(folder, 'logs'), { recursive: true, mode: 0o700 });
  await mkdir(path.join(folder, 'jobs'), { recursive: true, mode: 0o711 });
  const keys = await networkKeys();
  const ports = await choosePorts(options.ports, options.say);
  const plan: NetworkPlan = {
    id,
    folder,
    databaseUrl: await database(record, options),
    redisUrl: options.redisUrl,
    ports,
    runner: options.runner,
    executors: options.executors,
    secretKey: randomBytes(32).toString('hex'),
    metricsToken: randomBytes(32).toString('hex'),
    panelPassword: options.stays ? await panelPassword() : null,
  };
  if (options.stays) await writeExports(plan);
  signal.throwIfAborted();

  const start = (name: ServiceName, until = signal) => startService(name, plan, record, options, until);
  await start('devnet');
  await registerNeurons(plan, keys);
  const allowUser = ['whitelist_hotkey', keys.user.address];
  await together(
    signal,
    async (until) => {
      await start('facilitator', until);
      await runCommand('facilitator', allowUser, plan, until);
    },
    (until) => start('miner', until),
  );
  // The validator comes last: it finds its miner and its facilitator there at its first look.
  await start('validator');
  await runCommand('validator', allowUser, plan, signal);
  const urls = Object.fromEntries(serviceNames.map((name) => [name, urlOf(ports[name])])) as Record<
    ServiceName,
    string
  >;
  if (options.stays)
    await writeRecord({ ...record, owner: null, profile: profileOf(urls.facilitator, keys) });
  return { id, folder, keys, urls, record };
}

/** What the network's user types without naming any of it. */
const profileOf = (facilitator: string, { validator }: Record<Signer, Keypair>): Profile => ({
  facilitator,
  walletDirectory: walletsFolder,
  wallet: 'user',
  hotkey: hotkeyName,
  validator: validator.address,
  executorClass,
});

/** For whoever wants to run a service's own commands. They hold the network's secrets. */
async function writeExports(plan: NetworkPlan): Promise<void> {
  for (const name of serviceNames) {
    const file = exportsFile(plan.id, name);
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, exportsOf(name, plan), { mode: 0o600 });
  }
}

/** The URL of the network's database. */
async function database(record: NetworkRecord, { databaseUrl, stays, say }: StartNetwork): Promise<string> {
  if (databaseUrl !== null) {
    say(row('postgres', 'the one that DATABASE_URL names'));
    return databaseUrl;
  }
  const started = performance.now();
  record.postgresFolder = path.join(folderOf(record.id), 'postgres');
  await writeRecord(record);
  const server: PostgresServer = await startPostgres({
    dataFolder: record.postgresFolder,
    detached: stays,
    durable: true,
    log: say,
  });
  say(row('postgres', `127.0.0.1:${server.port} ${seconds(started)}`));
  return server.createDatabase('horde');
}

async function startService(
  name: ServiceName,
  plan: NetworkPlan,
  record: NetworkRecord,
  { say, onEnded }: StartNetwork,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const started = performance.now();
  const log = path.join(plan.folder, 'logs', `${name}.log`);
  const child = await launch(name, [], plan, log);
  let ended = '';
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, signal) => (ended = `it ended with ${signal ?? `exit code ${code}`}`));
  const url = urlOf(plan.ports[name]);
  const identity = child.pid === undefined ? null : identify(child.pid);
  if (identity) record.services.push({ name, process: identity, url });
  await writeRecord(record);
  while (!(await isReady(url))) {
    signal.throwIfAborted();
    if (ended !== '') throw new Error(`The ${name} did not start: ${ended}.\n${await lastLines(log)}`);
    if (performance.now() - started > readyWithin) {
      throw new Error(`The ${name} was not ready within ${readyWithin / 1000} s.\n${await lastLines(log)}`);
    }
    await sleep(25);
  }
  child.unref();
  const tell = async () => onEnded?.(new Error(`The ${name} is gone: ${ended}.\n${await lastLines(log)}`));
  if (ended !== '') await tell();
  else child.once('exit', () => void tell());
  say(row(name, `${url} ${seconds(started)}`));
}

/** Runs one of a service's commands to its end. */
async function runCommand(
  name: ServiceName,
  command: string[],
  plan: NetworkPlan,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const log = path.join(plan.folder, 'logs', `${name}-${command[0]}.log`);
  const child = await launch(name, command, plan, log);
  const stop = () => child.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  const code = await new Promise((resolve, reject) => child.once('exit', resolve).once('error', reject));
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (code !== 0) throw new Error(`The ${name}'s command ${command[0]} failed.\n${await lastLines(log)}`);
}

async function launch(
  name: ServiceName,
  command: string[],
  plan: NetworkPlan,
  log: string,
): Promise<ChildProcess> {
  const file = await openServiceLog(log);
  try {
    return spawn(process.execPath, [bundleOf(name), ...command], {
      env: environmentOf(name, plan),
      cwd: plan.folder,
      // A Ctrl-C in the terminal is for this process, which stops the services in order.
      detached: true,
      stdio: ['ignore', file.fd, file.fd],
    });
  } finally {
    await file.close();
  }
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) }).then(
    async (response) => {
      await response.body?.cancel();
      return response.ok;
    },
    () => false,
  );

/** Puts validator and miner on the chain, with the keys that may sign for them. */
async function registerNeurons(plan: NetworkPlan, keys: Record<Signer, Keypair>): Promise<void> {
  const put = async (where: string, body: object) => {
    const response = await fetch(`${urlOf(plan.ports.devnet)}/devnet/${where}`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`The devnet refused ${where}: ${await response.text()}`);
  };
  await put(`neurons/${keys.validator.address}`, { stake: 100_000, validator_permit: true, axon: null });
  // The miner announces where it is by itself.
  await put(`neurons/${keys.miner.address}`, { stake: 0, validator_permit: false, axon: null });
  for (const signer of ['validator', 'miner'] as const) {
    await put(`identities/${signer}`, { hotkey: keys[signer].address, token: tokenOf(signer) });
  }
}

const urlOf = (port: number): string => `http://127.0.0.1:${port}`;
const seconds = (since: number): string => `(${((performance.now() - since) / 1000).toFixed(1)} s)`;

async function lastLines(log: string): Promise<string> {
  const lines = (await readFile(log, 'utf8').catch(() => '')).trim().split('\n').slice(-8);
  return `Its log ends (${log}):\n${lines.map((line) => `  ${line.slice(0, 400)}`).join('\n')}`;
}
