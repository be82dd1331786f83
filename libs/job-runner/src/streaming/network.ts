import type Docker from 'dockerode';

/** What a streaming job and all that is made for it are called and labelled by. */
export interface StreamingJob {
  /** The name of its network, and the start of its containers' names. The job can read it: nothing secret. */
  name: string;
  labels: Record<string, string>;
}

/**
 * A network for one job and its proxy, with no way out: internal, and without an address of this machine, which a job
 * could otherwise reach as its gateway.
 *
 * @returns its id; names of networks are not unique to an engine
 */
export async function createJobNetwork(docker: Docker, job: StreamingJob): Promise<string> {
  const network = await docker.createNetwork({
    Name: job.name,
    CheckDuplicate: true,
    Driver: 'bridge',
    Internal: true,
    EnableIPv6: false,
    Options: { 'com.docker.network.bridge.inhibit_ipv4': 'true' },
    Labels: job.labels,
  });
  return network.id;
}

/** Removes a network, whoever is still in it. */
export async function removeJobNetwork(docker: Docker, id: string): Promise<void> {
  const network = docker.getNetwork(id);
  const remove = () => network.remove().catch(unlessGone);
  await remove().catch(async () => {
    const { Containers = {} } = (await network.inspect()) as { Containers?: Record<string, unknown> };
    await Promise.all(Object.keys(Containers).map((container) => leaveNetwork(docker, id, container)));
    await remove();
  });
}

/** Takes a container out of a network; one that is not in it, or gone, is out already. */
export async function leaveNetwork(docker: Docker, id: string, container: string): Promise<void> {
  await docker
    .getNetwork(id)
    .disconnect({ Container: container, Force: true })
    .catch((error: { statusCode?: number; json?: { message?: string } }) => {
      if (!/is not connected to/.test(error.json?.message ?? '')) unlessGone(error);
    });
}

function unlessGone(error: { statusCode?: number }): void {
  if (error.statusCode !== 404) throw error;
}

/**
 * The address of a running container in a network.
 *
 * @returns null when it has none: it does not run
 */
export async function addressIn(docker: Docker, network: string, container: string): Promise<string | null> {
  const { NetworkSettings } = await docker.getContainer(container).inspect();
  const endpoints = Object.values(NetworkSettings.Networks);
  return endpoints.find(({ NetworkID }) => NetworkID === network)?.IPAddress || null;
}
