import type { ExecutorClass } from '@horde/protocol';
import { BaseExecutorManager, HostUnreachable, type Place } from '../base-executor-manager.ts';
import type {
  ExecutorHandle,
  ExecutorHost,
  ExitStatus,
  JobImages,
  JobImagesPolicy,
  Manifest,
  PreparedImage,
  RunningExecutor,
  StartExecutor,
} from '../executor-manager.ts';
import { answered, answeredOrGone, engineSays, removeContainer, statusOf, withTag } from './engine.ts';
import { exitCodeOf } from './exit-code.ts';
import { jobRunnerClass, labels, type ExecutorContainerOptions } from './executor-container.ts';
import { GpuShares } from './gpu-shares.ts';
import { launchExecutor } from './launch-executor.ts';
import { removeLeftBy } from './left-by.ts';
import { machineKey, targetOf } from './machine-key.ts';
import type { Machine } from './machine.ts';
import { Machines, type MachinesOptions } from './machines.ts';
import { prepareImagesOn } from './prepare-images.ts';
import { Servers, type ServersOptions } from './servers.ts';

export interface DockerExecutorManagerOptions
  extends ExecutorContainerOptions, ServersOptions, MachinesOptions {
  /** The executor's image. */
  image: string;
  /** The address that users reach executors of the miner's own machine at; null: the miner's own. */
  publicAddress: () => Promise<string | null>;
  /** How long a container may be there without being started. @unit ms @default 300000 */
  startLimit?: number;
}

/** A server; its size is what can be used of it now. */
type Size = Place & ExecutorHost & { machine: Machine; draining: boolean };

/** The same port at another host. @param address `ws://host:port` */
const at = (host: string, address: string): string =>
  address.replace(/^(\w+:\/\/).*(:\d+)$/, `$1${host.includes(':') ? `[${host}]` : host}$2`);

const tokenVariable = 'EXECUTOR_TOKEN=';

/** How long an executor gets beyond its grace before the engine's answer is given up. @unit ms */
const stopLimit = 30_000;

/**
 * Runs executors as containers, each started as ComputeHorde's Docker manager starts it, on the miner's own machine and
 * on any number of hosts over SSH, as the operator's file says.
 *
 * A host that is lost keeps its executors: nothing says that they ended, and they are awaited until it is back. While it
 * is away no executor is started there; after `awayAfter` it counts in the manifest only with those that it runs.
 */
export class DockerExecutorManager extends BaseExecutorManager {
  private readonly servers: Servers;
  private readonly machines: Machines;
  private readonly gpuShares = new GpuShares(() => this.holding());
  private readonly image: string;
  /** How the containers that this one started have ended or will end. */
  private readonly exits = new Map<string, Promise<number>>();
  /** When an executor was last started at a place: the one that has rested longest is next. */
  private readonly lastUsed = new Map<string, number>();
  private uses = 0;
  private hostsChanged: () => void = () => undefined;
  /** The tokens of the containers that are watched: only their environment holds them. */
  private readonly tokens = new Map<string, string>();

  constructor(private readonly options: DockerExecutorManagerOptions) {
    super();
    this.image = withTag(options.image);
    this.servers = new Servers(options);
    const changed = () => this.hostsChanged();
    this.machines = new Machines({ ...options, changed }, (machine) => this.adopt(machine));
  }

  /** @throws ServersFileError when the operator's file was never right */
  async manifest(): Promise<Manifest> {
    const manifest: Manifest = {};
    for (const { executorClass, size } of await this.sizes()) {
      if (size > 0) manifest[executorClass] = (manifest[executorClass] ?? 0) + size;
    }
    return manifest;
  }

  async hosts(): Promise<ExecutorHost[]> {
    const hosts = (await this.sizes()).map(
      async ({ name, executorClass, executors, trouble, draining, machine }): Promise<ExecutorHost> => {
        const diskFree = trouble === null ? await machine.diskFree() : null;
        return { name, executorClass, executors, trouble, draining, diskFree };
      },
    );
    return Promise.all(hosts);
  }

  async isLeaving(handle: ExecutorHandle): Promise<boolean> {
    const servers = await this.servers.now();
    const server = servers.find(({ name }) => name === handle['place']);
    if (server) return server.draining;
    const machine = machineKey(targetOf(handle));
    return !servers.some(({ ssh }) => machineKey(ssh) === machine);
  }

  onHostsChange(listener: () => void): void {
    this.hostsChanged = listener;
  }

  override async publicAddress(handle: ExecutorHandle): Promise<string | null> {
    const server = (await this.servers.now()).find(({ name }) => name === handle['place']);
    if (server?.publicAddress) return server.publicAddress;
    return handle['machine'] === 'ssh' ? String(handle['host']) : this.options.publicAddress();
  }

  override async prepareImages(images: string[], signal: AbortSignal): Promise<PreparedImage[]> {
    const machines = new Set(await this.machines.of(await this.servers.now()));
    const jobImages = images.map(withTag);
    const prepared = [...machines].map((machine) => prepareImagesOn(machine, this.image, jobImages, signal));
    return (await Promise.all(prepared)).flat();
  }

  async tidyJobImages(wanted: string[], policy: JobImagesPolicy, signal: AbortSignal): Promise<JobImages[]> {
    const { tidyJobImages } = await import('./job-images.ts'); // it takes a while to load
    const machines = new Set(await this.machines.of(await this.servers.now()));
    const stay = [this.image, ...wanted.map(withTag)];
    return Promise.all([...machines].map((machine) => tidyJobImages(machine, stay, policy, signal)));
  }

  async running(): Promise<RunningExecutor[]> {
    const machines = new Set(await this.machines.of(await this.servers.now()));
    const away: string[] = [];
    const found = [...machines].map(async (machine) => {
      if (await machine.inReach()) {
        await this.removeNeverStarted(machine);
        return this.runningOn(machine);
      }
      away.push(machine.trouble);
      return [];
    });
    const running = (await Promise.all(found)).flat();
    if (away.length === 0) return running;
    throw new HostUnreachable(`${away.join(' ')} What runs there is not known.`, { elsewhere: running });
  }

  override async close(): Promise<void> {
    await super.close();
    this.machines.close();
  }

  protected override identity(handle: ExecutorHandle): string {
    return String(handle['container']);
  }

  protected override commandLine(request: StartExecutor): string[] {
    const className = this.options.customJobRunners?.className;
    const runner = className ? ['--job-runner-class', jobRunnerClass(className)] : [];
    return [...super.commandLine(request), ...runner];
  }

  /**
   * Servers of the class, the least burdened first, and of those the one that has rested longest.
   *
   * @throws HostUnreachable when all of them are out of reach
   */
  protected override async places(executorClass: ExecutorClass): Promise<Place[]> {
    const places = (await this.sizes()).filter(
      (place) => place.executorClass === executorClass && !place.draining,
    );
    const away = places.flatMap(({ trouble }) => trouble ?? []);
    if (away.length > 0 && away.length === places.length)
      throw new HostUnreachable([...new Set(away)].join(' '));
    const burden = ({ name, size }: Place) => (size > 0 ? this.held(name) / size : 1);
    const rested = ({ name }: Place) => this.lastUsed.get(name) ?? 0;
    return places.sort((a, b) => burden(a) - burden(b) || rested(a) - rested(b));
  }

  protected override async launch(
    request: StartExecutor,
    place: string,
    signal: AbortSignal,
  ): Promise<ExecutorHandle> {
    const server = (await this.servers.now()).find(({ name }) => name === place);
    if (!server) throw new HostUnreachable(`${place} is no server any more.`);
    this.lastUsed.set(place, ++this.uses);
    const minerAddress = server.minerAddress
      ? at(server.minerAddress, request.minerAddress)
      : request.minerAddress;
    return this.machines.use(server.ssh, (machine) =>
      this.gpuShares.withGpusFor(server, machine, signal, async (gpus) => {
        const what = {
          options: this.options,
          image: this.image,
          request: { ...request, minerAddress },
          place,
          gpus,
          arguments: this.commandLine(request),
        };
        const { container, exit, port } = await launchExecutor(machine, what, signal, this.closing.signal);
        this.exits.set(container, exit);
        this.tokens.set(container, request.token);
        const handle = { ...machine.facts, container, token: request.token, place, gpus, ...port };
        this.watch(handle); // it holds its GPUs from here on
        return handle;
      }),
    );
  }

  protected override isRunning(handle: ExecutorHandle): Promise<boolean> {
    return this.machines.useFor(handle, async (machine) => {
      try {
        await machine.reached(this.closing.signal);
        const container = machine.docker.getContainer(this.identity(handle));
        return (await answered(container.inspect())).State.Running;
      } catch (error) {
        if (statusOf(error) === 404) return false;
        if (statusOf(error) !== undefined) throw new Error(engineSays(error), { cause: error });
        return true; // as long as nothing says that it ended
      }
    });
  }

  protected override ended(handle: ExecutorHandle, signal: AbortSignal): Promise<ExitStatus> {
    const id = this.identity(handle);
    const started = this.exits.get(id);
    this.exits.delete(id);
    this.tokens.set(id, String(handle['token']));
    return this.machines.useFor(handle, async (machine) => {
      const port = Number(handle['port']);
      machine.ports.occupy(port);
      const code = await exitCodeOf(machine, id, started, signal);
      this.tokens.delete(id);
      while (!(await this.swept(machine, handle))) await machine.back(signal);
      machine.ports.release(port);
      return { code };
    });
  }

  protected override end(handle: ExecutorHandle, grace: number): Promise<void> {
    const id = this.identity(handle);
    return this.machines.useFor(handle, async (machine) => {
      for (;;) {
        try {
          const { docker } = machine;
          const stopping = docker.getContainer(id).stop({ t: Math.ceil(grace / 1000) });
          await answeredOrGone(stopping, grace + stopLimit);
          if (this.options.autoRemove) await removeContainer(docker, id);
          await removeLeftBy(docker, handle);
          return;
        } catch (error) {
          if (statusOf(error) !== undefined) throw new Error(engineSays(error), { cause: error });
          await machine.back(this.closing.signal);
        }
      }
    });
  }

  /** Executors of a server that has another name now count for those of its machine, as far as these have room. */
  protected override held(place: string): number {
    const servers = this.servers.known;
    const server = servers.find(({ name }) => name === place);
    if (!server) return super.held(place);
    const machine = machineKey(server.ssh);
    const isStray = (handle: ExecutorHandle) =>
      machineKey(targetOf(handle)) === machine && !servers.some(({ name }) => name === handle['place']);
    let strays = this.holding().filter(isStray).length;
    for (const { name, ssh, executors } of servers) {
      if (machineKey(ssh) !== machine) continue;
      const own = super.held(name);
      const taken = Math.min(strays, Math.max(0, executors - own));
      if (name === place) return own + taken;
      strays -= taken;
    }
    return super.held(place);
  }

  /** The servers and how many executors each can run: of one out of reach or draining, those that it runs. */
  private async sizes(): Promise<Size[]> {
    const servers = await this.servers.now();
    const machines = await this.machines.of(servers);
    const sizes = servers.map(async (server, at) => {
      const { name, executorClass, executors, draining } = server;
      const machine = machines[at]!;
      const isReady = await this.machines.isReady(machine);
      const more = isReady && !draining ? this.gpuShares.free(server) : 0;
      const size = Math.min(executors, this.held(name) + more);
      const trouble = isReady ? null : machine.trouble;
      return { name, executorClass, executors, size, trouble, draining, machine };
    });
    return Promise.all(sizes);
  }

  private async swept(machine: Machine, handle: ExecutorHandle): Promise<boolean> {
    try {
      await removeLeftBy(machine.docker, handle);
      return true;
    } catch (error) {
      if (statusOf(error) === undefined) return false;
      this.options.log(`What an executor left on ${machine.name} could not be removed: ${engineSays(error)}`);
      return true;
    }
  }

  /** Counts what runs on a machine that has just been reached for the first time. */
  private async adopt(machine: Machine): Promise<void> {
    for (const { handle } of await this.runningOn(machine)) this.watch(handle);
  }

  /** A container that was made and not started within minutes is nobody's: its start was given up, its answer lost. */
  private async removeNeverStarted({ docker }: Machine): Promise<void> {
    const filters = { label: [`${labels.miner}=${this.options.owner}`], status: ['created'] };
    const before = Date.now() / 1000 - (this.options.startLimit ?? 300_000) / 1000;
    const found = await answered(docker.listContainers({ all: true, filters }));
    const old = found.filter(({ Created }) => Created < before);
    await Promise.all(old.map(({ Id }) => removeContainer(docker, Id)));
  }

  private async runningOn(machine: Machine): Promise<RunningExecutor[]> {
    const filters = { label: [`${labels.miner}=${this.options.owner}`] };
    const found = await answered(machine.docker.listContainers({ filters }));
    const running = found.map(async ({ Id, Labels }) => {
      const token = await this.tokenOf(machine, Id);
      if (token === null) return [];
      const handle = {
        ...machine.facts,
        container: Id,
        token,
        place: Labels[labels.place]!,
        port: Number(Labels[labels.port]),
        publicPort: Number(Labels[labels.publicPort]),
        gpus: Labels[labels.gpus] ?? 'all',
      };
      return [{ token, handle }];
    });
    return (await Promise.all(running)).flat();
  }

  /** The token that an executor was started with; null: it has just ended. */
  private async tokenOf(machine: Machine, id: string): Promise<string | null> {
    const known = this.tokens.get(id);
    if (known !== undefined) return known;
    try {
      const { Config } = await answered(machine.docker.getContainer(id).inspect());
      const token =
        Config.Env.find((one) => one.startsWith(tokenVariable))?.slice(tokenVariable.length) ?? null;
      if (token !== null) this.tokens.set(id, token);
      return token;
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw error;
    }
  }
}
