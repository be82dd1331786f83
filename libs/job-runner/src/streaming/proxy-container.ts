import type Docker from 'dockerode';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type Duplex, PassThrough } from 'node:stream';
import { removeContainer } from '../docker/engine.ts';
import { engineSays } from '../docker/engine-says.ts';
import { toolsImage } from '../docker/tools-image.ts';
import { failures } from '../failures.ts';
import type { StreamingJob } from './network.ts';
import { nodeFiles } from './node-files.ts';
import { proxyPort, type ProxyOrders, type ProxyReport } from './proxy-process.ts';

const memoryLimit = 256 * 1024 * 1024;
/** Inside a container whose files come from this machine. */
const mountedAt = '/horde';

/** What a proxy container runs: this program, on this Node.js. */
interface ProxyProgram {
  image: string;
  entrypoint: string[];
  mounts: Docker.MountSettings[];
}

interface RunningProxy {
  orders: NodeJS.WritableStream;
  reports: PassThrough;
  ended: Promise<void>;
}

/** How long a proxy may take to end by itself, in milliseconds. */
const endLimit = 3_000;

/**
 * A streaming job's proxy in a container of its own: on the default network with a port of this machine, and in the
 * job's network. It ends by itself when this process does.
 */
export class ProxyContainer {
  private readonly container: Promise<Docker.Container>;
  private readonly started: Promise<RunningProxy>;
  private complaint = '';

  /** Starts the container at once; `open` says how that went. */
  constructor(
    private readonly docker: Docker,
    own: Docker.ContainerInspectInfo | null,
    job: StreamingJob,
    network: string,
    private readonly port: number,
  ) {
    this.container = this.create(own, job);
    this.started = this.start(network);
    this.started.catch(() => {});
  }

  /**
   * Lets the proxy wait for the job to be healthy and then serve it.
   *
   * @param onHealth gets what the job answered instead of being healthy
   * @returns the port of this machine
   * @throws HordeError `streaming_failed`
   */
  async open(orders: ProxyOrders, onHealth: (answer: string) => void): Promise<number> {
    const proxy = await this.started.catch((error: unknown) => {
      throw this.startFailed(error);
    });
    proxy.orders.write(`${JSON.stringify(orders)}\n`);
    for await (const line of createInterface({ input: proxy.reports })) {
      const report = JSON.parse(line) as ProxyReport;
      if ('listening' in report) return this.publishedPort();
      onHealth(report.health);
    }
    throw failures.STREAMING_PROXY_ENDED(this.complaint.trim() || 'it did not say why');
  }

  /** Lets the proxy hand over what it still has for the user, and removes it. Idempotent. */
  async close(): Promise<void> {
    const proxy = await this.started.catch(() => null);
    if (proxy) {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, endLimit);
      proxy.orders.end();
      await Promise.race([proxy.ended, late.promise]).finally(() => clearTimeout(timer));
    }
    const container = await this.container.catch(() => null);
    if (container) await removeContainer(container);
  }

  private async create(
    own: Docker.ContainerInspectInfo | null,
    job: StreamingJob,
  ): Promise<Docker.Container> {
    const { image, entrypoint, mounts } = await proxyProgram(this.docker, own);
    const inside = `${proxyPort}/tcp`;
    return this.docker.createContainer({
      name: `${job.name}-proxy`,
      Image: image,
      Entrypoint: entrypoint,
      Cmd: [],
      User: `${process.getuid!()}:${process.getgid!()}`, // without capabilities, who may read the program's files
      Labels: job.labels,
      Healthcheck: { Test: ['NONE'] },
      OpenStdin: true,
      StdinOnce: true, // ends when this process lets go of it
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      ExposedPorts: { [inside]: {} },
      HostConfig: {
        NetworkMode: 'bridge',
        PortBindings: { [inside]: [{ HostPort: String(this.port || '') }] },
        Mounts: mounts,
        AutoRemove: true,
        ReadonlyRootfs: true,
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
        Sysctls: { 'net.ipv4.ip_forward': '0' }, // it stands in two networks, and is no way from one to the other
        Memory: memoryLimit,
        MemorySwap: memoryLimit,
        PidsLimit: 64,
        LogConfig: { Type: 'none', Config: {} },
      },
    });
  }

  private async start(network: string): Promise<RunningProxy> {
    const container = await this.container;
    await this.docker.getNetwork(network).connect({ Container: container.id });
    const attached = await container.attach({
      stream: true,
      hijack: true,
      stdin: true,
      stdout: true,
      stderr: true,
    });
    attached.on('error', () => {}); // its end is what counts
    const reports = new PassThrough();
    const complaints = new PassThrough();
    complaints.on('data', (text: Buffer) => (this.complaint = `${this.complaint}${text}`.slice(-1000)));
    this.docker.modem.demuxStream(attached, reports, complaints);
    const end = Promise.withResolvers<void>();
    for (const last of ['end', 'close']) attached.once(last, end.resolve);
    void end.promise.then(() => reports.end());
    try {
      await container.start();
    } catch (error) {
      (attached as Duplex).destroy();
      throw error;
    }
    return { orders: attached, reports, ended: end.promise };
  }

  private async publishedPort(): Promise<number> {
    const { NetworkSettings } = await (await this.container).inspect();
    return Number(NetworkSettings.Ports[`${proxyPort}/tcp`]![0]!.HostPort);
  }

  private startFailed(error: unknown): Error {
    const says = engineSays(error);
    const taken = /port is already allocated|address already in use/.test(says);
    return taken
      ? failures.STREAMING_PORT_TAKEN(this.port)
      : failures.STREAMING_PROXY_NOT_STARTED(says).because(error);
  }
}

/**
 * In a container: its own image, in which this program lies where it runs. Beside the engine: any image, with this
 * program, the Node.js that runs it and the libraries of that mounted.
 */
async function proxyProgram(docker: Docker, own: Docker.ContainerInspectInfo | null): Promise<ProxyProgram> {
  const source = import.meta.filename;
  if (own) return { image: own.Image, entrypoint: [process.execPath, source, 'streaming-proxy'], mounts: [] };
  const [image, { loader, libraries }] = await Promise.all([toolsImage(docker), nodeFiles()]);
  const mount = (Source: string, name: string): Docker.MountSettings => ({
    Type: 'bind',
    Source,
    Target: path.join(mountedAt, name),
    ReadOnly: true,
  });
  const mounts = [mount(process.execPath, 'node')];
  if (loader) mounts.push(mount(loader, 'loader'));
  for (const [name, file] of libraries) mounts.push(mount(file, `lib/${name}`));
  const node = [`${mountedAt}/node`];
  if (loader) node.unshift(`${mountedAt}/loader`, '--library-path', `${mountedAt}/lib`);
  if (!source.endsWith('.ts')) {
    mounts.push(mount(source, 'main.mjs'));
    return { image, entrypoint: [...node, `${mountedAt}/main.mjs`, 'streaming-proxy'], mounts };
  }
  // Not bundled: the sources as they are, which Node.js reads too.
  mounts.push(mount(path.dirname(path.dirname(source)), 'src'));
  const run = `import('${mountedAt}/src/streaming/proxy-process.ts').then((proxy) => proxy.runStreamingProxy())`;
  return { image, entrypoint: [...node, '--eval', run], mounts };
}
