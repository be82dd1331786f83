import type Docker from 'dockerode';
import { ComposeFailed } from './compose.ts';
import { orNull } from './engine.ts';
import { idOf } from './images.ts';
import type { Plan } from './plan.ts';
import type { Project } from './project.ts';
import type { Prepared } from './prepare.ts';
import type { Role } from './roles.ts';
import { say } from './say.ts';

/** What ComputeHorde's runners start their database from. */
const usualImage = 'postgres:14.0-alpine';
/** How long its services may take to end. @unit s */
const patience = 60;

/** ComputeHorde's database could not be read at all. */
export class NotTakenOver extends Error {
  override readonly name = 'NotTakenOver';

  constructor(role: Role, why: string) {
    super(
      `Nothing of what ComputeHorde's ${role.name} has stored could be taken over, so that the ${role.name} is not started: ${why} It is tried again. Its volume is as it was, for the way back. TAKE_OVER=skip in .env starts the ${role.name} without it.`,
    );
  }
}

/**
 * Takes over, once, what ComputeHorde's own service has stored in this project: its database is started from the image that it
 * had here, out of reach of any network, and read through a socket. Where a part of it could not be read, the next start goes on.
 * Once more where somebody has gone back since: what that service has stored meanwhile.
 *
 * @throws NotTakenOver where nothing could be read
 */
export async function takeOver(
  docker: Docker,
  { project: name, takesOver }: Pick<Plan, 'project' | 'takesOver'>,
  { project, prepared, role }: { project: Project; prepared: Prepared; role: Role },
): Promise<void> {
  const volume = `${name}_db`;
  if (role.name === 'facilitator' || !(await docker.getVolume(volume).inspect().catch(orNull))) return;
  const before = await docker.listContainers({ all: true, filters: { volume: [volume] } });
  const own = before.find(({ Labels }) => Labels[service] === 'db');
  // Once it was taken over, the container of its database is gone.
  if (prepared.takenOver && !own) return;
  if (!takesOver)
    return say(
      `What ComputeHorde's ${role.name} has stored in the volume ${volume} is not taken over: TAKE_OVER is skip in .env.`,
    );
  const image = own?.ImageID ?? (await idOf(docker, usualImage));
  if (image === null)
    throw new NotTakenOver(
      role,
      `${usualImage}, which reads the volume ${volume}, is not on this engine. Load it, or pull it.`,
    );
  say(`Taking over what ComputeHorde's ${role.name} has stored in the volume ${volume}.`);
  await endOld(docker, name);
  const [user] = await docker.listContainers({ filters: { volume: [volume] } });
  if (user && user.Labels[service] !== 'old-db')
    throw new NotTakenOver(role, `${user.Names[0]?.slice(1)} works on the volume ${volume}.`);
  try {
    if (await project.takeOver(prepared, { image, volume })) return say('That is taken over.');
    say('Not all of it could be taken over: the next start of this container tries it again.');
  } catch (error) {
    if (!(error instanceof ComposeFailed)) throw error;
    throw new NotTakenOver(role, error.message);
  } finally {
    await docker
      .getVolume(`${name}_old-socket`)
      .remove()
      .catch(() => undefined);
  }
}

const service = 'com.docker.compose.service';

/** Ends ComputeHorde's service and its database: the one has to change nothing any more, the other to write all it knows. */
async function endOld(docker: Docker, name: string): Promise<void> {
  const filters = { label: [`com.docker.compose.project=${name}`] };
  for (const of of ['app', 'db'])
    for (const { Id, Labels } of await docker.listContainers({ filters }))
      if (Labels[service] === of) await docker.getContainer(Id).stop({ t: patience });
}
