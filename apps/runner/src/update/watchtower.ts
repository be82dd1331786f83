import type Docker from 'dockerode';

/**
 * Of an outer file as ComputeHorde's: it would start whatever others push. One that stands still, as it does with Docker 29, is
 * removed; one that runs is the operator's to remove.
 *
 * @returns what has happened, a sentence; null: there is none
 */
export async function retireWatchtower(
  docker: Docker,
  own: Pick<Docker.ContainerInspectInfo, 'Config'>,
): Promise<string | null> {
  const project = own.Config.Labels['com.docker.compose.project'];
  if (project === undefined) return null;
  const label = [`com.docker.compose.project=${project}`, 'com.docker.compose.service=watchtower'];
  const [found] = await docker.listContainers({ all: true, filters: { label } });
  if (!found) return null;
  const container = docker.getContainer(found.Id);
  const { State, RestartCount } = await container.inspect();
  // Between two of its ends it is said to run.
  if (State.Running && !State.Restarting && RestartCount < 3)
    // Not up --remove-orphans, to which what this runner has started is orphans, too.
    return `A watchtower runs beside this runner, which updates itself: take its service out of docker-compose.yml, and type docker rm -f ${found.Names[0]?.slice(1)}.`;
  await container.remove({ force: true });
  return 'Removed the container of watchtower, which stood still: this runner updates itself. Take its service out of docker-compose.yml, too.';
}
