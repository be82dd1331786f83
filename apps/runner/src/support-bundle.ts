import { SettingsError } from '@horde/settings';
import { filledIn, readWanted, thisHost } from './host.ts';
import { Project } from './project.ts';
import type { Role } from './roles.ts';

/** How many lines of its own the runner adds. */
const ownLines = 2_000;

/**
 * Writes one archive about all that this runner has started, to standard output: what the service's `support_bundle` has, with the
 * last lines of every container, and no secret.
 *
 * @returns the exit code
 * @throws SettingsError where `.env` or the wallet is wrong
 */
export async function supportBundle(role: Role): Promise<number> {
  if (process.stdout.isTTY)
    throw new SettingsError(['It writes an archive: put "> support.tar.gz" behind it, and leave out -t.']);
  const host = await thisHost(role);
  const { plan } = await readWanted(host);
  const project = new Project(plan, await filledIn(host, plan), { folder: '/run/horde/support-bundle' });
  const prepared = await project.prepared();
  if ('wrong' in prepared) throw new SettingsError([prepared.wrong]);
  const log = await host.docker
    .getContainer(host.own.Id)
    .logs({ stdout: true, stderr: true, follow: false, tail: ownLines });
  // What the services print is among it, too: here only what the runner says itself.
  const own = log.toString('utf8').match(/runner \| .*/g) ?? [];
  return project.supportBundle(prepared, own.join('\n'));
}
