import { SettingsError } from '@horde/settings';
import { filledIn, readWanted, thisHost, type Host, type Wanted } from './host.ts';
import type { Prepared } from './prepare.ts';
import { Project, workFolder } from './project.ts';
import type { Role } from './roles.ts';
import { complain } from './say.ts';

/** What a command sees that is run beside the runner, in its container. */
export interface Beside {
  host: Host;
  wanted: Wanted;
  project: Project;
  prepared: Prepared;
}

/**
 * @param command its name: it writes into a folder of its own, since the runner writes at the same time
 * @throws SettingsError where `.env` or the wallet is wrong
 */
export async function beside(role: Role, command: string): Promise<Beside> {
  const host = await thisHost(role);
  const wanted = await readWanted(host);
  const project = new Project(wanted.plan, await filledIn(host, wanted.plan, complain), {
    folder: `${workFolder}/${command}`,
  });
  const prepared = await project.prepared();
  if ('wrong' in prepared) throw new SettingsError([prepared.wrong]);
  return { host, wanted, project, prepared };
}
