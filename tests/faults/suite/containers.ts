import Docker from 'dockerode';

/** The containers of a network's jobs, running or not. @param mark what all that is of the network bears */
export async function containersOf(mark: string): Promise<{ id: string; name: string }[]> {
  const filters = { label: [`horde.network=${mark}`] };
  const found = await new Docker().listContainers({ all: true, filters });
  return found.map(({ Id: id, Names }) => ({ id, name: Names.join() }));
}

export async function removeContainersOf(mark: string): Promise<void> {
  const docker = new Docker();
  for (const { id } of await containersOf(mark))
    await docker
      .getContainer(id)
      .remove({ force: true, v: true })
      .catch(() => undefined); // it goes by itself
}
