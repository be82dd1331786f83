import type Docker from 'dockerode';
import { clampDelay, orAborted } from '@horde/async';
import { engineSays } from '../docker/engine-says.ts';
import { ownContainer } from '../docker/own-container.ts';
import { HordeError } from '@horde/protocol';
import { failures } from '../failures.ts';
import type { StreamingRequest } from '../runner.ts';
import { makeIdentity, readClientCertificate } from './certificate.ts';
import { addressIn, createJobNetwork, removeJobNetwork, type StreamingJob } from './network.ts';
import { OwnProxy, publishedPort } from './own-proxy.ts';
import { ProxyContainer } from './proxy-container.ts';

export interface StreamingOptions {
  /** How long `close` may take, in milliseconds. @default 15 000 */
  closeLimit?: number;
}

/** The way by which a user reaches one job while it runs. */
export interface Streaming {
  /** Id of the network that the job's container has to be created in: it leads to the proxy and nowhere else. */
  readonly network: string;
  /**
   * Waits until the job of a started container is healthy, lets its user in, and calls `request.onReady`.
   *
   * @param signal aborting ends the wait with the signal's reason
   * @throws JobFailure when the job is not healthy by `request.readyDeadline`
   * @throws HordeError `streaming_failed` when this machine cannot let the user in
   */
  ready(containerId: string, signal: AbortSignal): Promise<void>;
  /** Removes the proxy and the network, whatever became of the rest. Idempotent. */
  close(): Promise<void>;
}

/**
 * Prepares the way to a streaming job: its network, its certificate and its proxy. Who serves depends on where this
 * process runs: in a container that publishes `request.port`, itself; elsewhere, a proxy container.
 *
 * @throws JobFailure when the client's certificate is none
 * @throws HordeError `streaming_failed` when this machine cannot do it; nothing is left behind then
 */
export async function openStreaming(
  docker: Docker,
  job: StreamingJob,
  request: StreamingRequest,
  options: StreamingOptions = {},
): Promise<Streaming> {
  const clientCertificate = readClientCertificate(request.clientCertificate);
  const identityMade = makeIdentity(request.address);
  identityMade.catch(() => {});
  const { proxy, network } = await prepare(docker, job, request).catch((error: unknown) => {
    throw failures.STREAMING_NETWORK_NOT_MADE(engineSays(error)).because(error);
  });

  async function serve(containerId: string, late: Promise<never>, onHealth: (answer: string) => void) {
    const host = await addressIn(docker, network, containerId);
    if (!host) return late; // it ended already, which is for its runner to say
    const identity = await identityMade;
    const port = await proxy.open({ host, ...identity, clientCertificate }, onHealth);
    return { certificate: identity.certificate, port };
  }

  async function ready(containerId: string, signal: AbortSignal): Promise<void> {
    let answer: string | null = null;
    const late = Promise.withResolvers<never>();
    late.promise.catch(() => {});
    const timer = setTimeout(
      () => late.reject(answer ? failures.STREAMING_NOT_READY(answer) : failures.STREAMING_PROXY_LATE()),
      clampDelay(request.readyDeadline - Date.now()),
    );
    try {
      const served = serve(containerId, late.promise, (health) => (answer = health));
      request.onReady(await orAborted(Promise.race([served, late.promise]), signal));
    } catch (error) {
      if (signal.aborted || error instanceof HordeError) throw error;
      throw failures.STREAMING_UNREACHABLE(engineSays(error)).because(error);
    } finally {
      clearTimeout(timer);
    }
  }

  async function removeAll(): Promise<void> {
    await Promise.allSettled([proxy.close()]); // the network's removal takes with it whoever is still in it
    await removeJobNetwork(docker, network);
  }

  let closing: Promise<void> | undefined;
  return { network, ready, close: () => (closing ??= inTime(removeAll(), job, options)) };
}

async function prepare(docker: Docker, job: StreamingJob, request: StreamingRequest) {
  const own = await ownContainer(docker);
  const network = await createJobNetwork(docker, job);
  const published = own && publishedPort(own, request.port);
  const proxy = published
    ? new OwnProxy(docker, own, network, { inside: request.port, published })
    : new ProxyContainer(docker, own, job, network, request.port);
  return { network, proxy };
}

async function inTime(removed: Promise<void>, job: StreamingJob, { closeLimit = 15_000 }: StreamingOptions) {
  const late = Promise.withResolvers<never>();
  const says = `The network ${job.name} and its proxy were not removed within ${closeLimit / 1000} s.`;
  const timer = setTimeout(() => late.reject(new Error(says)), closeLimit);
  await Promise.race([removed, late.promise]).finally(() => clearTimeout(timer));
}
