import type Docker from 'dockerode';
import { orNull, unlessSo } from '../engine.ts';
import { socketSource } from '../host.ts';
import type { Role } from '../roles.ts';

/** What the container of an update is called. */
export const updateContainerName = (project: string): string => `${project}-update-1`;

/**
 * Has an update go on: its container is made, or started again where somebody has ended it.
 *
 * @param runner the runner's container: the update sees the engine and `.env` from where that does
 * @param image the id of the new runner's image
 */
export async function ensureUpdateContainer(
  docker: Docker,
  {
    project,
    role,
    runner,
    image,
  }: {
    project: string;
    role: Role;
    runner: Pick<Docker.ContainerInspectInfo, 'Mounts'>;
    image: string;
  },
): Promise<void> {
  const container = docker.getContainer(updateContainerName(project));
  const found = await container.inspect().catch(orNull);
  if (found?.Image === image) {
    // One that is removing itself is gone at the next look.
    if (!found.State.Running && !found.State.Restarting && found.State.Status !== 'removing')
      await container.start().catch(unlessSo);
    return;
  }
  if (found) await container.remove({ force: true });
  const envFile = runner.Mounts.find(({ Destination }) => Destination === role.envFile);
  const made = await docker.createContainer({
    name: updateContainerName(project),
    Image: image,
    Cmd: ['carry-on'],
    User: '0:0',
    // As the others of the project, so that whatever removes them removes it.
    Labels: { 'com.docker.compose.project': project, 'com.docker.compose.service': 'update' },
    HostConfig: {
      RestartPolicy: { Name: 'always' },
      NetworkMode: 'none',
      CapDrop: ['ALL'],
      // .env is its owner's.
      CapAdd: ['DAC_OVERRIDE'],
      SecurityOpt: ['no-new-privileges:true'],
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
      Binds: [
        `${socketSource(runner)}:/var/run/docker.sock`,
        `${project}_runner:/runner`,
        ...(envFile ? [`${envFile.Source}:${role.envFile}`] : []),
      ],
    },
  });
  await made.start();
}
