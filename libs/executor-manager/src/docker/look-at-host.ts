import type Docker from 'dockerode';
import { KnownHosts, type KnownHostsOptions } from '../ssh/known-hosts.ts';
import type { SshTarget } from '../ssh/ssh-link.ts';

/** A host over SSH, for whoever looks at its settings. */
export interface LookedAtHost {
  docker: Docker;
  /** What a shell command prints there; null: it cannot be run, or not in time. */
  print(command: string): Promise<string | null>;
}

/**
 * Connects to a host for as long as `look` takes.
 *
 * @throws HostUnreachable when it cannot be reached, or its engine does not answer; and what `look` throws
 */
export async function lookAtHost<T>(
  target: SshTarget,
  knownHosts: KnownHostsOptions,
  look: (host: LookedAtHost) => Promise<T>,
): Promise<T> {
  // Docker's client takes a while to load.
  const [{ SshMachine }, { HostUnreachable }] = await Promise.all([
    import('./machine.ts'),
    import('../base-executor-manager.ts'),
  ]);
  const ignore = () => undefined;
  const machine = new SshMachine(target, { knownHosts: new KnownHosts(knownHosts, ignore), log: ignore });
  try {
    if (!(await machine.inReach())) throw new HostUnreachable(machine.trouble);
    return await look({ docker: machine.docker, print: (command) => machine.print(command) });
  } finally {
    machine.close();
  }
}
