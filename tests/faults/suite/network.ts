import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureHotkey, walletHotkeyPath, type Keypair } from '@horde/identity';
import { HordeClient } from '@horde/sdk';
import { freePort } from '@horde/testing/free-port';
import { newDataFolder, removeDataFolder } from '@horde/testing/horde';
import {
  environmentOf,
  executorsSocket,
  host,
  jobsFolder,
  secrets,
  startsFile,
  walletsFolder,
  type Places,
} from './environment.ts';
import { Chain } from './chain.ts';
import { Liar } from './liar.ts';
import { Link } from './link.ts';
import { Machine } from './machine.ts';
import type { NetworkOptions } from './options.ts';
import { Postgres } from './postgres.ts';
import { Redis } from './redis.ts';
import { Service, serviceNames, type ServiceName } from './service.ts';

/** The links of the network, from who connects to who listens. */
export const linkNames = [
  'user to facilitator',
  'validator to facilitator',
  'validator to miner',
  'executors to miner',
  'facilitator to Postgres',
  'validator to Postgres',
  'miner to Postgres',
  'validator to chain',
  'miner to chain',
] as const;
export type LinkName = (typeof linkNames)[number];
/** The links of websockets. */
export const websocketLinks: readonly LinkName[] = [
  'validator to facilitator',
  'validator to miner',
  'executors to miner',
];

/** How many there are before: a validator takes none of the newest, which may still be replaced. */
const blocksBefore = 10;

/** How long a second process of the miner takes until it waits for the first to end, or so. @unit ms */
const twinStarts = 3_000;

/** The whole network as real processes, each of which can be struck, with links between them that can be cut. */
export class FaultNetwork {
  /** Second processes of services. */
  private readonly twins = new Map<ServiceName, Service>();
  readonly liar = new Liar();

  private constructor(
    readonly folder: string,
    /** All processes of it carry this in their environment. */
    readonly mark: string,
    readonly keys: Keys,
    readonly postgres: Postgres,
    readonly links: Record<LinkName, Link>,
    readonly services: Record<ServiceName, Service>,
    readonly chain: Chain,
    /** The miner's. */
    readonly machine: Machine,
    /** null: queues and doorbells are in Postgres. */
    readonly redis: Redis | null,
    /** Of each user. */
    readonly clients: readonly HordeClient[],
    /** Plays all executors; null: they are processes. */
    private readonly played: ChildProcess | null,
  ) {}

  static async start(options: NetworkOptions): Promise<FaultNetwork> {
    const folder = await newDataFolder();
    await Promise.all(['logs', 'receipts'].map((name) => mkdir(path.join(folder, name))));
    await writeFile(startsFile(folder), '');
    const machine = await Machine.start(folder, options);
    const keys = await makeKeys(folder, options.users ?? Math.ceil(options.jobs / jobsOfUser));
    const { measured = false } = options;
    const postgres = await Postgres.start(folder, measured);
    const redis = options.redis ? await Redis.start() : null;
    const ports = await servicePorts();
    const links = await openLinks(ports, postgres.port, measured);
    const mark = `faults-${randomBytes(6).toString('hex')}`;
    const places: Places = {
      mark,
      folder,
      ports,
      databaseUrl: (name) =>
        Object.assign(new URL(postgres.url), {
          port: name === 'devnet' ? postgres.port : links[`${name} to Postgres`].port,
        }).href,
      chain: (name) =>
        name === 'validator' || name === 'miner' ? links[`${name} to chain`].port : ports.devnet,
      facilitatorOfValidator: links['validator to facilitator'].port,
      engine: machine.engine?.address ?? null,
      redis: redis?.url ?? null,
      minerOfExecutors: links['executors to miner'].port,
    };
    const services = Object.fromEntries(
      serviceNames.map((name) => [
        name,
        new Service(name, environmentOf(name, places, options), folder, ports[name]),
      ]),
    ) as Record<ServiceName, Service>;
    const clients = keys.users.map(
      (hotkey) =>
        new HordeClient({
          facilitatorUrl: `http://${host}:${links['user to facilitator'].port}`,
          hotkey,
          validatorHotkey: keys.validator.address,
        }),
    );
    const chain = new Chain(ports.devnet);
    const played = options.executors === 'noop' ? await playExecutors(folder) : null;
    const network = new FaultNetwork(
      folder,
      mark,
      keys,
      postgres,
      links,
      services,
      chain,
      machine,
      redis,
      clients,
      played,
    );
    try {
      await network.boot();
      return network;
    } catch (error) {
      await network.close(true);
      throw error;
    }
  }

  /** The process that plays all executors; null: they are processes. */
  get playing(): number | null {
    return this.played?.pid ?? null;
  }

  /** Processes of executors, with all that they have started. */
  executors(): number[] {
    return this.processes()
      .filter(({ isExecutor }) => isExecutor)
      .map(({ pid }) => pid);
  }

  /** Starts a second process of a service beside the first. Resolves when it is ready, or waits for the first to end. */
  async addTwin(name: ServiceName): Promise<void> {
    const { port } = this.services[name];
    // Of the miner one process works at a time, and the next one has its port then.
    const twin = this.services[name].twin(name === 'miner' ? port : await freePort());
    this.twins.set(name, twin);
    twin.start();
    if (name === 'miner') await sleep(twinStarts);
    else await twin.ready();
  }

  /** Kills the first of two processes of a service; whoever is connected to it finds the second. */
  async leaveToTwin(name: ServiceName): Promise<void> {
    const twin = this.twins.get(name)!;
    await this.services[name].kill();
    this.services[name] = twin;
    this.twins.delete(name);
    const links = Object.values(this.links).filter((link) => link.name.endsWith(`to ${name}`));
    for (const link of links) link.target = twin.port;
    await twin.ready();
  }

  /** @param which from 0 to 1, of those that run @returns false when none runs */
  killExecutor(which: number): boolean {
    const pids = this.executors();
    const pid = pids[Math.floor(which * pids.length)];
    if (pid !== undefined) kill(pid);
    return pid !== undefined;
  }

  /** Ends all of it. @param keep leaves its folder, with the logs */
  async close(keep = false): Promise<void> {
    this.clients.forEach((client) => client.close());
    const services = [...Object.values(this.services), ...this.twins.values()];
    await Promise.all(services.map((service) => service.kill()));
    this.played?.disconnect();
    for (const { pid } of this.processes()) kill(pid);
    for (const link of Object.values(this.links)) link.close();
    await this.liar.stop();
    await this.postgres.close(keep);
    await this.machine.close(keep);
    await this.redis?.close();
    if (!keep) await removeDataFolder(this.folder);
  }

  private async boot(): Promise<void> {
    const { chain, keys } = this;
    const { devnet, facilitator, miner, validator } = this.services;
    devnet.start();
    await devnet.ready();
    const axon = { ip: host, port: this.links['validator to miner'].port };
    await chain.put(`neurons/${keys.validator.address}`, {
      stake: 100_000,
      validator_permit: true,
      axon: null,
    });
    await chain.put(`neurons/${keys.miner.address}`, { stake: 0, validator_permit: false, axon });
    await chain.put('identities/validator', {
      hotkey: keys.validator.address,
      token: secrets.validatorToken,
    });
    await chain.put('identities/miner', { hotkey: keys.miner.address, token: secrets.minerToken });
    await chain.makeBlocks(blocksBefore);
    for (const service of [facilitator, miner]) service.start();
    await Promise.all([facilitator.ready(), miner.ready()]);
    validator.start();
    await validator.ready();
    for (const service of [facilitator, validator])
      for (const user of keys.users) await service.command('whitelist_hotkey', user.address);
  }

  private processes(): { pid: number; isExecutor: boolean }[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        const entries = environmentOfProcess(name);
        if (!entries.includes(`HORDE_NETWORK=${this.mark}`)) return [];
        return [
          { pid: Number(name), isExecutor: entries.some((entry) => entry.startsWith('EXECUTOR_TOKEN=')) },
        ];
      });
  }
}

interface Keys {
  validator: Keypair;
  miner: Keypair;
  users: Keypair[];
}

/** How many jobs a user has in flight: each is followed by a stream of events, and one user has no more than 50. */
const jobsOfUser = 40;

async function makeKeys(folder: string, users: number): Promise<Keys> {
  const directory = walletsFolder(folder);
  const make = (wallet: string) => ensureHotkey(walletHotkeyPath({ directory, wallet, hotkey: 'default' }));
  const [validator, miner, ...others] = await Promise.all([
    make('validator'),
    make('miner'),
    ...Array.from({ length: users }, (_, at) => make(`user-${at}`)),
  ]);
  return { validator: validator!, miner: miner!, users: others };
}

async function playExecutors(folder: string): Promise<ChildProcess> {
  const child = fork(path.resolve('tests/faults/suite/noop-executors.ts'), {
    env: {
      PATH: process.env['PATH'],
      HORDE_FAULTS_SOCKET: executorsSocket(folder),
      HORDE_FAULTS_STARTS: startsFile(folder),
    },
    execArgv: [],
  });
  await once(child, 'message');
  return child;
}

async function servicePorts(): Promise<Record<ServiceName, number>> {
  const ports = new Set<number>();
  while (ports.size < serviceNames.length) ports.add(await freePort());
  return Object.fromEntries(serviceNames.map((name, at) => [name, [...ports][at]!])) as Record<
    ServiceName,
    number
  >;
}

async function openLinks(
  ports: Record<ServiceName, number>,
  postgres: number,
  measured: boolean,
): Promise<Record<LinkName, Link>> {
  const targets = {
    facilitator: ports.facilitator,
    miner: ports.miner,
    chain: ports.devnet,
    Postgres: postgres,
  };
  const links = linkNames.map(async (name) => {
    const target = name.slice(name.lastIndexOf(' ') + 1) as keyof typeof targets;
    return [name, await Link.open(name, targets[target], websocketLinks.includes(name), measured)];
  });
  return Object.fromEntries(await Promise.all(links)) as Record<LinkName, Link>;
}

function environmentOfProcess(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return []; // gone meanwhile
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone meanwhile
  }
}

export const leftFolders = (folder: string): string[] =>
  readdirSync(jobsFolder(folder)).filter((name) => !name.startsWith('horde-preflight-'));
