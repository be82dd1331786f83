import { SettingsError } from '@horde/settings';
import { beside } from './beside.ts';
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
  const { host, project, prepared } = await beside(role, 'support-bundle');
  const log = await host.docker
    .getContainer(host.own.Id)
    .logs({ stdout: true, stderr: true, follow: false, tail: ownLines });
  // What the services print is among it, too: here only what the runner says itself.
  const own = log.toString('utf8').match(/runner \| .*/g) ?? [];
  return project.supportBundle(prepared, own.join('\n'));
}
