import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { ExecutorClass, executorClasses } from '@horde/protocol';
import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Pair,
  type YAMLMap,
} from 'yaml';
import { parseStreamingPorts, type StreamingPort } from '../streaming-ports.ts';
import type { SshTarget } from '../ssh/ssh-link.ts';
import { gpuConflicts, readGpus } from './gpus.ts';

/** A line of executors in the operator's file: so many of one class on one machine. */
export interface ServerSpec {
  name: string;
  executorClass: ExecutorClass;
  executors: number;
  /** How its machine is reached; null: it is the miner's own. */
  ssh: SshTarget | null;
  /** What its executors reach the miner at; null: ADDRESS_FOR_EXECUTORS. */
  minerAddress: string | null;
  /** Whether it gets no more executors, while those that it runs go on. */
  draining: boolean;
  /** What users reach its streaming jobs at; null: the rule of its mode. */
  publicAddress: string | null;
  /** The ports of its machine for streaming jobs; null: the default. */
  streamingPorts: StreamingPort[] | null;
  /** The GPUs of each of its executors, which no other executor of the machine gets; null: all, for each. */
  gpus: string[][] | null;
}

/** A file of servers that cannot be used: one sentence for each mistake, with its line. */
export class ServersFileError extends Error {
  override readonly name = 'ServersFileError';
}

const keys = [
  'executor_class',
  'mode',
  'host',
  'ssh_port',
  'username',
  'key_path',
  'executors',
  'public_address',
  'miner_address',
  'streaming_ports',
  'gpus',
  'draining',
];

/** Reads the file, as `parseServers` reads its text. @throws ServersFileError */
export async function readServers(file: string, defaultClass: ExecutorClass): Promise<ServerSpec[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => unreadable(file, error));
  return parseServers(text, file, defaultClass);
}

/** @param error what the file system says @throws ServersFileError always */
export function unreadable(file: string, error: unknown): never {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') throw new ServersFileError(`There is no file ${file}.`);
  throw new ServersFileError(`${file} cannot be read: ${message.replace(/, \w+( '.*')?$/, '')}.`);
}

/** How many times the file may name an anchor, in all: enough for every server of a large one. */
const maxAliases = 10_000;

/**
 * Reads ComputeHorde's file of executor servers, as its YAML library does: YAML 1.1, with anchors, aliases and merge
 * keys. A `~` at the start of a key's path is the home folder. Beyond ComputeHorde's, a server may have `executors` (how many run
 * there at once, 1 by default), `public_address`, `miner_address`, `streaming_ports` (as in STREAMING_PORTS), `gpus` (as
 * `readGpus` has them) and `draining`.
 *
 * @param file its name, for the sentences
 * @param defaultClass what DEFAULT_EXECUTOR_CLASS stands for
 * @throws ServersFileError
 */
export function parseServers(text: string, file: string, defaultClass: ExecutorClass): ServerSpec[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, version: '1.1', merge: true });
  const mistakes: string[] = [];
  const mistake = (at: number | undefined, sentence: string) =>
    mistakes.push(`${file}${at === undefined ? '' : `, line ${lines.linePos(at).line}`}: ${sentence}`);
  for (const error of document.errors) mistake(error.pos[0], sentenceOf(error.message));
  if (mistakes.length > 0) throw new ServersFileError(mistakes.join('\n'));

  const { contents } = document;
  if (!isMap(contents) || contents.items.length === 0) {
    throw new ServersFileError(`${file} names no server: it must look like "my-server: {mode: local, …}".`);
  }
  const values = plain(document, file);
  const servers = [...values].flatMap(([key, settings]) => {
    const name = String(key);
    const pair = contents.items.find((one) => isScalar(one.key) && one.key.value === key);
    if (!(settings instanceof Map)) {
      mistake(pair && startOf(pair), `${name} must have settings, such as "mode: local".`);
      return [];
    }
    const map = pair && isMap(pair.value) ? pair.value : null;
    const start = map?.range?.[0] ?? (pair && startOf(pair));
    return [new ServerReader(name, { settings, map, start }, defaultClass, mistake).read()];
  });
  const locals = servers.filter(({ ssh }) => ssh === null);
  if (locals.length > 1 && mistakes.length === 0) {
    const names = locals.map(({ name }) => name).join(' and ');
    mistake(undefined, `only one server may be local, and ${names} are. "executors" runs several on one.`);
  }
  if (mistakes.length === 0) for (const conflict of gpuConflicts(servers)) mistake(undefined, conflict);
  if (mistakes.length > 0) throw new ServersFileError(mistakes.join('\n'));
  return servers;
}

/** What the file says, with its aliases and merge keys in place. @throws ServersFileError */
function plain(document: Document, file: string): Map<unknown, unknown> {
  try {
    return document.toJS({ mapAsMap: true, maxAliasCount: maxAliases }) as Map<unknown, unknown>;
  } catch (error) {
    throw new ServersFileError(`${file} cannot be read: ${sentenceOf((error as Error).message)}`);
  }
}

const startOf = (pair: Pair): number | undefined => (isScalar(pair.key) ? pair.key.range?.[0] : undefined);

/** The parser's message without the excerpt under it. */
const sentenceOf = (message: string): string => `${message.split(/ at line \d+/)[0]!.trim()}.`;

interface Entry {
  settings: Map<unknown, unknown>;
  /** Its own settings as they stand in the file; null: it has those of another. */
  map: YAMLMap | null;
  /** Where it begins. */
  start: number | undefined;
}

class ServerReader {
  constructor(
    private readonly name: string,
    private readonly entry: Entry,
    private readonly defaultClass: ExecutorClass,
    private readonly mistake: (at: number | undefined, sentence: string) => void,
  ) {}

  read(): ServerSpec {
    for (const key of this.entry.settings.keys()) {
      if (keys.includes(String(key))) continue;
      const pair = this.entry.map?.items.find((one) => isScalar(one.key) && one.key.value === key);
      const at = pair ? startOf(pair) : this.entry.start;
      this.mistake(at, `${this.name} has an unknown setting "${String(key)}".`);
    }
    const isLocal = this.mode() === 'local';
    const executorClass = this.executorClass();
    const said = this.entry.settings.has('executors') ? this.number('executors', 1, 1, 1_000) : null;
    const gpus = this.gpus(executorClass, said);
    return {
      name: this.name,
      executorClass,
      executors: said ?? gpus?.length ?? 1,
      ssh: isLocal
        ? null
        : {
            host: this.text('host', true),
            port: this.number('ssh_port', 22, 1, 65_535),
            username: this.text('username', true),
            keyPath: this.text('key_path', true).replace(/^~(?=\/|$)/, homedir()),
          },
      minerAddress: this.text('miner_address', false) || null,
      draining: this.flag('draining'),
      publicAddress: this.text('public_address', false) || null,
      streamingPorts: this.ports(),
      gpus,
    };
  }

  private gpus(executorClass: ExecutorClass, executors: number | null): string[][] | null {
    const value = this.entry.settings.get('gpus');
    if (value === undefined || value === null) return null;
    try {
      if (!executorClasses[executorClass].hasGpu)
        throw new Error(`are for nothing: ${executorClass} has none`);
      this.refuseTimes();
      return readGpus(value, executors);
    } catch (error) {
      this.mistake(this.at('gpus'), `the gpus of ${this.name} ${(error as Error).message}.`);
      return null;
    }
  }

  /** YAML 1.1 reads 0:1, a part of a GPU in NVIDIA's words, as a number of minutes. */
  private refuseTimes(): void {
    const node = this.entry.map?.get('gpus', true);
    if (!node) return;
    visit(node, {
      Scalar: (_, { source }) => {
        if (source?.includes(':'))
          throw new Error(`hold ${source}: name the parts of a GPU by their UUIDs (MIG-…)`);
      },
    });
  }

  private mode(): 'local' | 'ssh' {
    const mode = this.value('mode');
    if (mode === 'local' || mode === 'ssh') return mode;
    this.mistake(this.at('mode'), `the mode of ${this.name} must be ssh or local.`);
    return 'local';
  }

  private executorClass(): ExecutorClass {
    const value = this.value('executor_class');
    if (value === 'DEFAULT_EXECUTOR_CLASS') return this.defaultClass;
    const known = ExecutorClass.find((one) => one === value);
    if (!known) {
      const which = `must be DEFAULT_EXECUTOR_CLASS or one of ${ExecutorClass.join(', ')}`;
      this.mistake(this.at('executor_class'), `the executor_class of ${this.name} ${which}.`);
    }
    return known ?? this.defaultClass;
  }

  private ports(): StreamingPort[] | null {
    const value = this.value('streaming_ports');
    if (value === undefined || value === null) return null;
    try {
      return parseStreamingPorts(String(value));
    } catch (error) {
      this.mistake(
        this.at('streaming_ports'),
        `the streaming_ports of ${this.name}: ${(error as Error).message}.`,
      );
      return null;
    }
  }

  private flag(key: string): boolean {
    const value = this.value(key) ?? false;
    if (typeof value !== 'boolean')
      this.mistake(this.at(key), `${key} of ${this.name} must be true or false.`);
    return value === true;
  }

  private text(key: string, needed: boolean): string {
    const value = this.value(key);
    if (value === undefined || value === null || value === '') {
      if (needed) this.mistake(this.at(key), `${this.name} needs ${key}.`);
      return '';
    }
    return String(value);
  }

  private number(key: string, otherwise: number, least: number, most: number): number {
    const value = this.value(key) ?? otherwise;
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most) {
      return number;
    }
    this.mistake(this.at(key), `the ${key} of ${this.name} must be a whole number from ${least} to ${most}.`);
    return otherwise;
  }

  /** A list or a map in place of a value is no value that any setting takes. */
  private value(key: string): string | number | boolean | null | undefined {
    const value = this.entry.settings.get(key);
    return typeof value === 'object' && value !== null ? '?' : (value as ReturnType<ServerReader['value']>);
  }

  /** Where a setting stands; where the server stands if it does not have it itself. */
  private at(key: string): number | undefined {
    const node = this.entry.map?.get(key, true);
    return isScalar(node) || isSeq(node) ? node.range?.[0] : this.entry.start;
  }
}
