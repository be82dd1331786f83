import type Docker from 'dockerode';
import type { ExecutorHandle } from '../executor-manager.ts';
import { answered, answeredOrGone, removeContainer } from './engine.ts';

/**
 * Removes what an executor that has ended has left on its engine: the container of its job, and others that it started,
 * with their network. Ours labels them with its container's id, ComputeHorde's names them `ch-{token}-…`.
 */
export async function removeLeftBy(docker: Docker, handle: ExecutorHandle): Promise<void> {
  const { token, container } = handle;
  const own = `ch-${token}`;
  const list = (filters: object) => answered(docker.listContainers({ all: true, filters: filters as never }));
  const listNetworks = (filters: object) => answered(docker.listNetworks({ filters: filters as never }));
  const [named, labelled, namedNetworks, labelledNetworks] = await Promise.all([
    list({ name: [own] }),
    list({ label: ['horde.owner'] }),
    listNetworks({ name: [own] }),
    listNetworks({ label: ['horde.owner'] }),
  ]);
  const isOurs = ({ Labels }: { Labels?: Record<string, string> }) =>
    Labels?.['horde.owner']?.includes(`:${container}:`);
  const left = [
    ...named.filter(({ Names }) => Names.some((name) => name.startsWith(`/${own}-`))),
    ...labelled.filter(isOurs),
  ];
  const networks = [...namedNetworks.filter(({ Name }) => Name === own), ...labelledNetworks.filter(isOurs)];
  await Promise.all([...new Set(left.map(({ Id }) => Id))].map((id) => removeContainer(docker, id)));
  for (const { Id } of networks) await answeredOrGone(docker.getNetwork(Id).remove());
}
