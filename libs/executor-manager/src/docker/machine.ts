import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { HostUnreachable } from '../base-executor-manager.ts';
import type { ExecutorHandle } from '../executor-manager.ts';
import { SshAgent, SshLink, type Ran, type SshLinkOptions, type SshTarget } from '../ssh/ssh-link.ts';
import { canListen, StreamingPorts } from '../streaming-ports.ts';
import { orAborted } from '@horde/async';
import { answered } from './engine.ts';

/** A machine with a Docker engine that runs executors. */
export interface Machine {
  /** For people. */
  readonly name: string;
  /** What a handle has to hold to find the machine again. */
  readonly facts: ExecutorHandle;
  readonly docker: Docker;
  readonly ports: StreamingPorts;
  /** The engine's socket, as the machine names it. */
  readonly socketPath: string;
  /** What to say of it while it is out of reach, a sentence. */
  readonly trouble: string;
  /** Whether executors can be started there, as far as is known; after its first attempt to reach it. */
  inReach(): Promise<boolean>;
  /** @throws HostUnreachable when the machine cannot be reached soon */
  reached(signal: AbortSignal): Promise<void>;
  /** The free part, from 0 to 1, of the disk with the engine's images, containers and volumes; null: it cannot be told. */
  diskFree(): Promise<number | null>;
  /** Resolves when the machine can be reached, however long that takes, and after a pause if it just failed. */
  back(signal: AbortSignal): Promise<void>;
  close(): void;
}

/** How long an answer to "does the engine of this machine answer" is good for. @unit ms */
const pingGoodFor = 5_000;
/** How long that answer may take. @unit ms */
const pingLimit = 3_000;
/** How long is waited for a host that is being connected to. @unit ms */
const patience = 15_000;
/** How long is waited for the first attempt to reach a host, before it counts as out of reach. @unit ms */
const firstPatience = 5_000;
const defaultSocket = '/var/run/docker.sock';

/** What an engine does when it is asked for a sign of life. */
type Ping = 'answers' | 'refuses' | 'is late';

/** Asks an engine for signs of life, now and then. */
class Pings {
  private ping: Promise<Ping> | null = null;
  private askAgainAt = 0;

  constructor(private readonly docker: Docker) {}

  last(): Promise<Ping> {
    if (!this.ping || performance.now() >= this.askAgainAt) {
      this.askAgainAt = performance.now() + pingGoodFor;
      this.ping = this.ask();
    }
    return this.ping;
  }

  private ask(): Promise<Ping> {
    const asked = this.docker.ping().then(
      (): Ping => 'answers',
      (): Ping => {
        this.askAgainAt = 0; // that comes at once, and an engine that is back is to be used at once
        return 'refuses';
      },
    );
    return answered(asked, pingLimit).catch((): Ping => 'is late');
  }
}

/** The miner's own machine, with the engine at DOCKER_HOST, else at its usual socket. */
export class LocalMachine implements Machine {
  readonly name = 'this machine';
  readonly trouble = 'The Docker engine of this machine does not answer.';
  readonly facts: ExecutorHandle = { machine: 'local' };
  readonly docker = new Docker();
  readonly ports = new StreamingPorts([], canListen);
  readonly socketPath =
    /^unix:\/\/(?<path>.+)$/.exec(process.env['DOCKER_HOST'] ?? '')?.groups?.['path'] ?? defaultSocket;
  private readonly pings = new Pings(this.docker);

  async inReach(): Promise<boolean> {
    return (await this.pings.last()) === 'answers';
  }

  async reached(): Promise<void> {
    if (!(await this.inReach())) throw new HostUnreachable(this.trouble);
  }

  async back(signal: AbortSignal): Promise<void> {
    await sleep(1_000, undefined, { signal, ref: false });
  }

  async diskFree(): Promise<number | null> {
    try {
      const { bavail, blocks, bfree } = await statfs(await rootOf(this.docker));
      return bavail / (blocks - bfree + bavail);
    } catch {
      return null; // the miner runs in a container, say, and does not see the folder
    }
  }

  close(): void {}
}

/** A host that is lost counts as out of reach a while later. @unit ms */
const defaultAwayAfter = 30_000;

export interface SshMachineOptions extends SshLinkOptions {
  /** A host that has been out of reach for so long is counted no more. @unit ms @default 30000 */
  awayAfter?: number;
}

/** A host that is reached over SSH, with the engine at its usual socket. */
export class SshMachine implements Machine {
  readonly name: string;
  readonly facts: ExecutorHandle;
  readonly docker: Docker;
  readonly ports = new StreamingPorts([]);
  readonly socketPath = defaultSocket;
  private readonly link: SshLink;
  private readonly pings: Pings;
  /** What keeps its engine from being used while the host is in reach, as far as that is known. */
  private engineTrouble: string | null = null;
  private untilAway: NodeJS.Timeout | undefined;

  constructor(
    target: SshTarget,
    private readonly options: SshMachineOptions,
  ) {
    const { host, port, username, keyPath } = target;
    this.link = new SshLink(target, { ...options, changed: () => this.linkChanged() });
    this.name = this.link.name;
    this.facts = { machine: 'ssh', host, sshPort: port, username, keyPath };
    const agent = new SshAgent(this.link, defaultSocket);
    // The name is never looked up: every connection is a channel of the link.
    this.docker = new Docker({ protocol: 'http', host: 'docker', port: 80, agent } as Docker.DockerOptions);
    this.pings = new Pings(this.docker);
  }

  get trouble(): string {
    if (this.link.awayFor === 0)
      return this.engineTrouble ?? `The Docker engine of ${this.name} does not answer.`;
    const why = this.link.trouble;
    return `${this.name} is out of reach${why ? `: ${why.replace(/[.\s]+$/, '')}` : ''}.`;
  }

  async inReach(): Promise<boolean> {
    await orAborted(this.link.tried, AbortSignal.timeout(firstPatience)).catch(() => {});
    // An engine may be stopped, or its socket not be ours, on a host that is in reach. Of one that is late the link tells.
    const ping = this.link.awayFor === 0 ? await this.pings.last() : null;
    if (ping === 'refuses' && this.link.awayFor === 0) {
      await this.findEngineTrouble();
      return false;
    }
    if (ping === 'answers') this.engineTrouble = null;
    return this.link.awayFor < this.awayAfter;
  }

  async reached(signal: AbortSignal): Promise<void> {
    const soon = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
    try {
      await this.link.connected(soon);
    } catch {
      signal.throwIfAborted();
      throw new HostUnreachable(this.trouble);
    }
  }

  /** What a shell command prints there; null: it cannot be run, or not in time. */
  print(command: string): Promise<string | null> {
    return this.link.print(command);
  }

  /** @throws what the first attempt to reach it failed with */
  async reachedAtOnce(): Promise<void> {
    await this.link.tried;
    if (this.link.failure !== null) throw this.link.failure;
  }

  /** Runs a shell command there. @throws Error when it cannot be run; the signal's reason */
  run(command: string, options: { signal: AbortSignal; input?: string }): Promise<Ran> {
    return this.link.run(command, options);
  }

  async back(signal: AbortSignal): Promise<void> {
    await sleep(1_000, undefined, { signal, ref: false });
    await orAborted(this.link.connected(signal), signal);
  }

  async diskFree(): Promise<number | null> {
    const root = await rootOf(this.docker).catch(() => '');
    if (!/^[\w./-]+$/.test(root)) return null;
    const permille = await this.link.ask(
      `df -P -- '${root}' | awk 'NR == 2 { printf "%d", 1000 * $4 / ($3 + $4) }'`,
    );
    return permille === null || !/^\d+$/.test(permille) ? null : Number(permille) / 1_000;
  }

  close(): void {
    clearTimeout(this.untilAway);
    this.link.close();
  }

  private get awayAfter(): number {
    return this.options.awayAfter ?? defaultAwayAfter;
  }

  /** Tells it on, and once more when a host that was lost counts as out of reach. */
  private linkChanged(): void {
    const { changed } = this.options;
    clearTimeout(this.untilAway);
    changed?.();
    const { awayFor } = this.link;
    if (changed && awayFor > 0 && awayFor < this.awayAfter)
      this.untilAway = setTimeout(changed, Math.ceil(this.awayAfter - awayFor) + 1).unref();
  }

  /** sshd refuses a channel to a socket with the same words, whether that is not there or it must not open it. */
  private async findEngineTrouble(): Promise<void> {
    const found = await this.link.ask(lookAtEngine);
    const sentence = found && engineTroubles[found]?.(this.name);
    if (!sentence || sentence === this.engineTrouble) return;
    this.engineTrouble = sentence;
    this.options.log(sentence);
  }
}

/** The folder where an engine has its files. */
const rootOf = async (docker: Docker): Promise<string> =>
  ((await answered(docker.info(), pingLimit)) as { DockerRootDir: string }).DockerRootDir;

/** Prints what a host itself sees of its engine, as a word. */
const lookAtEngine = `sh -c '
  [ -S ${defaultSocket} ] || { echo missing; exit; }
  [ -w ${defaultSocket} ] || { echo forbidden; exit; }
  command -v docker >/dev/null || { echo unknown; exit; }
  docker -H unix://${defaultSocket} version >/dev/null 2>&1 && echo answers || echo silent'`;

const engineTroubles: Record<string, (name: string) => string> = {
  missing: (name) =>
    `There is no ${defaultSocket} on ${name}: Docker is not installed there, or does not run.`,
  forbidden: (name) => `The user of ${name} may not use ${defaultSocket}: add it to the group docker there.`,
  answers: (name) =>
    `The Docker engine of ${name} answers there, but sshd does not let us reach it: set AllowStreamLocalForwarding to ` +
    `yes in its sshd_config (and DisableForwarding to no), and restart sshd.`,
  unknown: (name) =>
    `The Docker engine of ${name} does not answer. If it runs there, set AllowStreamLocalForwarding to yes in its sshd_config.`,
};
