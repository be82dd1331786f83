import type { ExecutorHandle } from '../executor-manager.ts';
import type { SshTarget } from '../ssh/ssh-link.ts';

/** What names a machine for good. */
export const machineKey = (ssh: SshTarget | null): string =>
  ssh ? [ssh.username, ssh.host, ssh.port, ssh.keyPath].join(' ') : 'local';

/** The machine that a handle's executor runs on. */
export function targetOf(handle: ExecutorHandle): SshTarget | null {
  if (handle['machine'] !== 'ssh') return null;
  return {
    host: String(handle['host']),
    port: Number(handle['sshPort']),
    username: String(handle['username']),
    keyPath: String(handle['keyPath']),
  };
}
