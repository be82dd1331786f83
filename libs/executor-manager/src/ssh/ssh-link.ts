import { readFile } from 'node:fs/promises';
import http from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import ssh2, { type Client, type ConnectConfig, type ServerHostKeyAlgorithm } from 'ssh2';
import { reasonOf } from '@horde/network';
import { around, doublingPause, orAborted } from '@horde/async';
import type { KnownHosts } from './known-hosts.ts';

export interface SshTarget {
  host: string;
  port: number;
  username: string;
  /** The file of the private key. */
  keyPath: string;
}

export interface SshLinkOptions {
  knownHosts: KnownHosts;
  /** Told when the host is lost, when it is back, and why it cannot be reached. */
  log: (sentence: string) => void;
  /** Told when the host has been reached, is lost, or cannot be reached for another reason than before. */
  changed?: (() => void) | undefined;
  /** How often the host is asked for a sign of life; it is lost when three go unanswered. @unit ms @default 10000 */
  keepaliveInterval?: number;
  /** The pause before the second attempt to connect; it doubles with each. @unit ms @default 1000 */
  firstPause?: number;
  /** The longest pause between two attempts to connect. @unit ms @default 30000 */
  maxPause?: number;
}

/** How a shell command ended. */
export interface Ran {
  /** null: a signal ended it, or the connection is lost. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** How long a host may take to let in. @unit ms */
const connectLimit = 15_000;
/** How long a host may take to run a command. @unit ms */
const answerLimit = 5_000;
/** What is read of a command's output. @unit bytes */
const longestAnswer = 1_048_576;
/** A connection that lasted less than this counts as an attempt that failed. @unit ms */
const shortLife = 10_000;

/**
 * One SSH connection to a host, kept: it is opened at once, watched, and opened again, with growing pauses, when it is
 * lost. Nothing listens on this side: each request to the host's Docker engine is a channel of the connection.
 */
export class SshLink {
  readonly name: string;
  private client: Client | null = null;
  private readonly closing = new AbortController();
  private next = Promise.withResolvers<Client>();
  /** When the host was lost; null: it is not. */
  private lost: number | null = performance.now();
  private everConnected = false;
  private reason: string | null = null;
  /** What the last attempt to connect failed with; null: it did not. */
  failure: unknown = null;
  private readonly firstAttempt = Promise.withResolvers<void>();

  constructor(
    private readonly target: SshTarget,
    private readonly options: SshLinkOptions,
  ) {
    this.name = `${target.username}@${bracketed(target.host)}:${target.port}`;
    void this.keep();
  }

  /** How long the host has been out of reach; 0: it is not; Infinity: it never was in reach. @unit ms */
  get awayFor(): number {
    if (!this.everConnected) return Infinity;
    return this.lost === null ? 0 : performance.now() - this.lost;
  }

  /** Why the last attempt to connect failed. */
  get trouble(): string | null {
    return this.reason;
  }

  /** Resolves when the first attempt to connect is over, well or not. */
  get tried(): Promise<void> {
    return this.firstAttempt.promise;
  }

  /** Resolves when the host is in reach. */
  async connected(signal: AbortSignal): Promise<void> {
    const until = AbortSignal.any([signal, this.closing.signal]);
    if (!this.client) await orAborted(this.next.promise, until);
  }

  /** A channel to a unix socket of the host. */
  open(socketPath: string): Promise<Duplex> {
    const { client } = this;
    if (!client) return Promise.reject(new Error(`${this.name} is out of reach.`));
    return new Promise((resolve, reject) => {
      client.openssh_forwardOutStreamLocal(socketPath, (error, stream) =>
        error ? reject(error) : resolve(stream as unknown as Duplex),
      );
    });
  }

  /** The first word that a shell command prints on the host; null: it cannot be run, or not in time. */
  async ask(command: string): Promise<string | null> {
    return /^\w+/.exec((await this.print(command)) ?? '')?.[0] ?? null;
  }

  /** What a shell command prints on the host, up to a megabyte; null: it cannot be run, or not in time. */
  async print(command: string): Promise<string | null> {
    const signal = AbortSignal.timeout(answerLimit);
    return this.run(command, { signal }).then(
      ({ stdout }) => stdout,
      () => null,
    );
  }

  /**
   * Runs a shell command on the host.
   *
   * @param input what it reads @default nothing
   * @throws Error when it cannot be run; the signal's reason, and the command may go on then
   */
  async run(command: string, { signal, input = '' }: { signal: AbortSignal; input?: string }): Promise<Ran> {
    const { client } = this;
    if (!client) throw new Error(`${this.name} is out of reach.`);
    const ran = new Promise<Ran>((resolve, reject) => {
      client.exec(command, (error, stream) => {
        if (error) return reject(error);
        const [stdout, stderr] = [gathered(stream), gathered(stream.stderr)];
        let exitCode: number | null = null;
        stream.on('exit', (code: number | null) => (exitCode = code));
        stream.on('close', () => resolve({ exitCode, stdout: stdout(), stderr: stderr() }));
        stream.end(input);
      });
    });
    return orAborted(ran, signal);
  }

  close(): void {
    this.closing.abort(new Error(`The connection to ${this.name} is closed.`));
    this.client?.end();
  }

  private async keep(): Promise<void> {
    const { log, firstPause = 1_000, maxPause = 30_000 } = this.options;
    const { signal } = this.closing;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const client = await this.connect();
        const ended = new Promise<void>((resolve) => client.once('close', () => resolve()));
        if (attempt > 0) log(`${this.name} is in reach again.`);
        const since = performance.now();
        this.client = client;
        this.lost = this.reason = this.failure = null;
        this.everConnected = true;
        this.firstAttempt.resolve();
        this.next.resolve(client);
        this.options.changed?.();
        await ended;
        this.client = null;
        this.lost = performance.now();
        // A host that lets in and leaves at once is not to be called every second.
        if (this.lost - since > shortLife) attempt = 0;
        this.next = Promise.withResolvers();
        if (signal.aborted) return;
        log(`The connection to ${this.name} is lost.`);
        this.options.changed?.();
      } catch (error) {
        const reason = reasonOf(error);
        const isNews = reason !== this.reason && !signal.aborted;
        this.reason = reason;
        this.failure = error;
        this.firstAttempt.resolve();
        if (isNews) {
          log(`${this.name} cannot be reached: ${reason}`);
          this.options.changed?.();
        }
      }
      const pause = around(doublingPause(attempt + 1, { first: firstPause, max: maxPause }));
      await sleep(pause, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  private async connect(): Promise<Client> {
    const { host, port, username, keyPath } = this.target;
    const { knownHosts, keepaliveInterval = 10_000 } = this.options;
    const privateKey = await readFile(keyPath);
    const parsed = ssh2.utils.parseKey(privateKey);
    if (parsed instanceof Error) throw new Error(`${keyPath} is no key that can be used: ${parsed.message}.`);
    const serverHostKey = algorithms(await knownHosts.types(host, port));
    this.closing.signal.throwIfAborted();

    const client = new ssh2.Client();
    let refusal: Error | null = null;
    const config: ConnectConfig = {
      host,
      port,
      username,
      privateKey,
      readyTimeout: connectLimit,
      keepaliveInterval,
      keepaliveCountMax: 3,
      algorithms: { serverHostKey },
      hostVerifier: (key: Buffer, verify: (fine: boolean) => void) => {
        knownHosts.check(host, port, key).then(
          () => verify(true),
          (error: Error) => {
            refusal = error;
            verify(false);
          },
        );
      },
    };
    await new Promise<void>((resolve, reject) => {
      client.once('ready', resolve);
      client.on('error', (error) => reject(refusal ?? error));
      client.once('close', () => reject(refusal ?? new Error('the host closed the connection')));
      client.connect(config);
    });
    return client;
  }
}

/** @returns what gives the text that a stream has brought, up to a megabyte */
function gathered(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    if (length < longestAnswer) chunks.push(chunk.subarray(0, longestAnswer - length));
    length += chunk.length;
  });
  return () => Buffer.concat(chunks).toString();
}

/** An agent whose connections are channels to a unix socket of the host. */
export class SshAgent extends http.Agent {
  constructor(
    private readonly link: SshLink,
    private readonly socketPath: string,
  ) {
    super();
  }

  /** Docker's client writes out all that it sends with, for a log that nobody reads: this in short, not the whole link. */
  [inspect.custom](): string {
    return `SshAgent(${this.link.name})`;
  }

  override createConnection(
    _options: http.ClientRequestArgs,
    callback: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    void this.connect(callback);
    return undefined;
  }

  private async connect(callback: (error: Error | null, stream: Duplex) => void): Promise<void> {
    let stream: Duplex;
    try {
      stream = await this.link.open(this.socketPath);
    } catch (error) {
      return callback(error as Error, undefined as never);
    }
    callback(null, stream);
  }
}

/** The known types first, so that a host with several keys shows one that can be compared. */
function algorithms(knownTypes: string[]): ServerHostKeyAlgorithm[] {
  const known = keyAlgorithms.filter(([type]) => knownTypes.includes(type));
  const others = keyAlgorithms.filter(([type]) => !knownTypes.includes(type));
  return [...known, ...others].flatMap(([, names]) => names);
}

/** Types of keys, best first, and how they may sign. */
const keyAlgorithms: [type: string, algorithms: ServerHostKeyAlgorithm[]][] = [
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa']],
];

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);
