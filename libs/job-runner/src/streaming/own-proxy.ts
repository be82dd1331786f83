import type Docker from 'dockerode';
import { failures } from '../failures.ts';
import { jobPort, untilHealthy } from './health.ts';
import { leaveNetwork } from './network.ts';
import { serveProxy, type Proxy } from './proxy.ts';
import type { ProxyOrders } from './proxy-process.ts';

/** A streaming job's proxy in this process, which runs in a container that has the port: it joins the job's network. */
export class OwnProxy {
  private readonly joined: Promise<void>;
  private readonly closing = new AbortController();
  private proxy: Promise<Proxy> | null = null;

  /** @param port the port inside the container, and the port of the machine that leads to it */
  constructor(
    private readonly docker: Docker,
    private readonly own: Docker.ContainerInspectInfo,
    private readonly network: string,
    private readonly port: { inside: number; published: number },
  ) {
    this.joined = docker.getNetwork(network).connect({ Container: own.Id }) as Promise<void>;
    this.joined.catch(() => {});
  }

  /** As `ProxyContainer.open`. */
  async open(orders: ProxyOrders, onHealth: (answer: string) => void): Promise<number> {
    const { host, ...identities } = orders;
    await this.joined;
    await untilHealthy(host, this.closing.signal, onHealth);
    this.closing.signal.throwIfAborted();
    this.proxy = serveProxy({ ...identities, port: this.port.inside, target: { host, port: jobPort } });
    await this.proxy.catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'EADDRINUSE' ? failures.STREAMING_PORT_TAKEN(this.port.inside) : error;
    });
    return this.port.published;
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.closing.abort(new Error('The job is over'));
    const proxy = await this.proxy?.catch(() => null);
    await proxy?.close();
    await this.joined.catch(() => {});
    await leaveNetwork(this.docker, this.network, this.own.Id);
  }
}

/** The port of the machine that leads to a port of a container; null: none does. */
export function publishedPort(own: Docker.ContainerInspectInfo, port: number): number | null {
  const bindings = own.NetworkSettings.Ports[`${port}/tcp`] as { HostPort: string }[] | null | undefined;
  return bindings?.[0] ? Number(bindings[0].HostPort) : null;
}
