import Docker from 'dockerode';

/** Every container of a network's jobs carries this label. */
export const networkLabel = (id: string): string => `horde.network=${id}`;

/** Removes the containers of a network's jobs. Without a Docker engine there are none. */
export async function removeContainers(id: string): Promise<void> {
  const docker = new Docker();
  let containers;
  try {
    containers = await docker.listContainers({ all: true, filters: { label: [networkLabel(id)] } });
  } catch {
    return;
  }
  await Promise.all(
    containers.map(async ({ Id }) => {
      await docker.getContainer(Id).remove({ force: true, v: true }).catch(ignoreGone);
    }),
  );
}

/** 404: it is gone; 409: it is being removed already. */
function ignoreGone(error: { statusCode?: number }): void {
  if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
}
