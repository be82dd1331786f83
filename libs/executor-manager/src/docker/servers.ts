import { stat } from 'node:fs/promises';
import type { ExecutorClass } from '@horde/protocol';
import type { StreamingPort } from '../streaming-ports.ts';
import { machineKey } from './machine-key.ts';
import { readServers, ServersFileError, unreadable, type ServerSpec } from './servers-file.ts';

/** A server, with the ports that all executors of its machine share. */
export interface Server extends ServerSpec {
  machinePorts: StreamingPort[];
}

export interface ServersOptions {
  /** The operator's file; null: one executor on the miner's own machine. */
  file: string | null;
  defaultClass: ExecutorClass;
  /** The ports of the miner's own machine for streaming jobs. */
  localPorts: StreamingPort[];
  log: (sentence: string) => void;
}

/** Where ports of hosts begin that the file gives none: where ComputeHorde's executor listens on its one there. */
const firstHostPort = 6006;
/** How often the file is looked at, at most. @unit ms */
const lookInterval = 1_000;

/** The servers of the operator's file, which is read again when it has changed. */
export class Servers {
  private servers: Server[] = [];
  /** Of the file that was read last. */
  private version = '';
  /** What was logged about the file. */
  private told = '';
  private lookAgainAt = 0;
  private reading: Promise<Server[]> | null = null;

  constructor(private readonly options: ServersOptions) {}

  /** The servers as they were when they were last asked for. */
  get known(): Server[] {
    return this.servers;
  }

  /**
   * The servers as they are now. A file that has become wrong is logged, and changes nothing.
   *
   * @throws ServersFileError as long as the file has never been right
   */
  async now(): Promise<Server[]> {
    const { file } = this.options;
    if (this.servers.length > 0 && (file === null || performance.now() < this.lookAgainAt))
      return this.servers;
    this.reading ??= this.read().finally(() => (this.reading = null));
    return this.reading;
  }

  private async read(): Promise<Server[]> {
    const { file, defaultClass, localPorts, log } = this.options;
    if (file === null) return (this.servers = withPorts([self(defaultClass)], localPorts));
    this.lookAgainAt = performance.now() + lookInterval;
    try {
      const { mtimeMs, size, ino } = await stat(file).catch((error: unknown) => unreadable(file, error));
      const version = `${mtimeMs} ${size} ${ino}`;
      if (this.version === version) return this.servers;
      this.version = version;
      const servers = withPorts(await readServers(file, defaultClass), localPorts);
      if (this.servers.length > 0) log(`${file} has changed: it names ${servers.length} servers.`);
      this.told = '';
      return (this.servers = servers);
    } catch (error) {
      if (this.servers.length === 0) throw error;
      const sentence = (error as Error).message;
      if (sentence !== this.told) log(`The servers stay as they were: ${sentence}`);
      this.told = sentence;
      return this.servers;
    }
  }
}

/** Gives each server the ports of its machine. @throws ServersFileError where a machine has fewer than executors */
export const withPorts = (specs: ServerSpec[], localPorts: StreamingPort[]): Server[] =>
  specs.map((spec) => {
    const neighbours = specs.filter(({ ssh }) => machineKey(ssh) === machineKey(spec.ssh));
    const named = neighbours.flatMap(({ streamingPorts }) => streamingPorts ?? []);
    const count = neighbours.reduce((sum, { executors }) => sum + executors, 0);
    const otherwise = spec.ssh ? fromFirst(count) : localPorts;
    const machinePorts = named.length > 0 ? unique(named) : otherwise;
    if (machinePorts.length < count) {
      throw new ServersFileError(
        `The machine of ${neighbours.map(({ name }) => name).join(' and ')} runs ${count} executors, and has only ` +
          `${machinePorts.length} ports for their streaming jobs.`,
      );
    }
    return { ...spec, machinePorts };
  });

const self = (executorClass: ExecutorClass): ServerSpec => ({
  name: 'self',
  executorClass,
  executors: 1,
  ssh: null,
  minerAddress: null,
  draining: false,
  publicAddress: null,
  streamingPorts: null,
  gpus: null,
});

const fromFirst = (count: number): StreamingPort[] =>
  Array.from({ length: count }, (_, at) => ({ port: firstHostPort + at, publicPort: firstHostPort + at }));

const unique = (pairs: StreamingPort[]): StreamingPort[] => [
  ...new Map(pairs.map((pair) => [pair.port, pair])).values(),
];
