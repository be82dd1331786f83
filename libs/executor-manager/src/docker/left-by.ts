import type Docker from 'dockerode';
import type { ExecutorHandle } from '../executor-manager.ts';
import { answered, answeredOrGone, removeContainer } from './engine.ts';

/**
 * Removes what an executor that has ended has left on its engine: the container of its job, and others that it started,
 * with their network. Ours and ComputeHorde's name them `ch-{token}-…`; ours also labels them with its container's id.
 */
export async function removeLeftBy(docker: Docker, handle: ExecutorHandle): Promise<void> {
  const { token, container } = handle;
  const own = `ch-${token}`;
  const list = (filters: object) => answered(docker.listContainers({ all: true, filters: filters as never }));
  const [named, labelled, networks] = await Promise.all([
    list({ name: [own] }),
    list({ label: ['horde.owner'] }),
    answered(docker.listNetworks({ filters: { name: [own] } })),
  ]);
  const left = new Set([
    ...named.filter(({ Names }) => Names.some((name) => name.startsWith(`/${own}-`))),
    ...labelled.filter(({ Labels }) => Labels['horde.owner']!.includes(`:${container}:`)),
  ]);
  await Promise.all([...new Set([...left].map(({ Id }) => Id))].map((id) => removeContainer(docker, id)));
  for (const { Id } of networks.filter(({ Name }) => Name === own)) {
    await answeredOrGone(docker.getNetwork(Id).remove());
  }
}
