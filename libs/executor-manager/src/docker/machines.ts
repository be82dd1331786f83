import type { ExecutorHandle } from '../executor-manager.ts';
import { KnownHosts, type KnownHostsOptions } from '../ssh/known-hosts.ts';
import type { SshTarget } from '../ssh/ssh-link.ts';
import { machineKey, targetOf } from './machine-key.ts';
import type * as machineModule from './machine.ts';
import type { Machine } from './machine.ts';
import type { Server } from './servers.ts';

export interface MachinesOptions {
  /** How hosts prove that they are the ones that are meant. */
  knownHosts: KnownHostsOptions;
  log: (sentence: string) => void;
  /** Told when a host is reached, lost, or counts as out of reach. */
  changed?: (() => void) | undefined;
  /** How often a host is asked for a sign of life; it is lost when three go unanswered. @unit ms @default 10000 */
  keepaliveInterval?: number;
  /** A host that has been out of reach for so long counts with the executors that it runs. @unit ms @default 30000 */
  awayAfter?: number;
}

interface Entry {
  machine: Machine;
  /** How many executors run there, or are being started or stopped. */
  users: number;
  /** Whether what ran there before is counted. */
  adopted: boolean;
  /** The last attempt to count it; never rejects. */
  adopting: Promise<void>;
}

/** The machines that executors run on, each with one connection for all of its servers. */
export class Machines {
  private readonly entries = new Map<string, Entry>();
  /** The machines that servers of the operator's file are on. */
  private named = new Set<string>();
  private readonly knownHosts: KnownHosts;
  private readonly closing = new AbortController();
  /** Docker's client takes a while to load, and is loaded when the first machine is asked for. */
  private module: Promise<typeof machineModule> | null = null;

  /** @param adopt counts what an earlier miner has left running on a machine */
  constructor(
    private readonly options: MachinesOptions,
    private readonly adopt: (machine: Machine) => Promise<void>,
  ) {
    this.knownHosts = new KnownHosts(options.knownHosts, options.log);
  }

  /** The machines of these servers, in their order. From now on others are kept only while an executor needs them. */
  async of(servers: Server[]): Promise<Machine[]> {
    const module = await this.load();
    this.named = new Set(servers.map(({ ssh }) => machineKey(ssh)));
    const entries = servers.map(({ ssh }) => this.entry(module, ssh));
    entries.forEach(({ machine }, at) => machine.ports.offer(servers[at]!.machinePorts));
    for (const key of this.entries.keys()) this.letGo(key);
    return entries.map(({ machine }) => machine);
  }

  /** Keeps a machine for as long as the work takes. */
  async use<T>(ssh: SshTarget | null, work: (machine: Machine) => Promise<T>): Promise<T> {
    const module = await this.load();
    const entry = this.entry(module, ssh);
    entry.users++;
    try {
      return await work(entry.machine);
    } finally {
      entry.users--;
      this.letGo(machineKey(ssh));
    }
  }

  /** As `use`, of the machine of an executor, also when the operator's file does not name it any more. */
  async useFor<T>(handle: ExecutorHandle, work: (machine: Machine) => Promise<T>): Promise<T> {
    return this.use(targetOf(handle), work);
  }

  /** Whether executors can be started on a machine, and all that run there are counted. */
  async isReady(machine: Machine): Promise<boolean> {
    if (!(await machine.inReach())) return false;
    const entry = [...this.entries.values()].find((one) => one.machine === machine);
    if (!entry) return false;
    await entry.adopting;
    return entry.adopted;
  }

  close(): void {
    this.closing.abort(new Error('The executor manager is closed.'));
    for (const { machine } of this.entries.values()) machine.close();
  }

  private load(): Promise<typeof machineModule> {
    return (this.module ??= import('./machine.ts'));
  }

  private entry(module: typeof machineModule, ssh: SshTarget | null): Entry {
    const { LocalMachine, SshMachine } = module;
    const key = machineKey(ssh);
    const known = this.entries.get(key);
    if (known) return known;
    const machine = ssh
      ? new SshMachine(ssh, { ...this.options, knownHosts: this.knownHosts })
      : new LocalMachine();
    if (this.closing.signal.aborted) machine.close();
    const entry: Entry = { machine, users: 0, adopted: false, adopting: Promise.resolve() };
    this.adoptWhenReached(entry).catch(() => {}); // closed before it was reached
    this.entries.set(key, entry);
    return entry;
  }

  private letGo(key: string): void {
    const entry = this.entries.get(key);
    if (!entry || entry.users > 0 || this.named.has(key)) return;
    this.entries.delete(key);
    entry.machine.close();
  }

  private async adoptWhenReached(entry: Entry): Promise<void> {
    for (;;) {
      entry.adopting = this.tryToAdopt(entry).catch(() => {});
      await entry.adopting;
      if (entry.adopted) return;
      await entry.machine.back(this.closing.signal);
    }
  }

  private async tryToAdopt(entry: Entry): Promise<void> {
    await entry.machine.reached(this.closing.signal);
    await this.adopt(entry.machine);
    entry.adopted = true;
  }
}
