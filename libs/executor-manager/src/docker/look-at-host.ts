import type Docker from 'dockerode';
import type { PreparedImage } from '../executor-manager.ts';
import { KnownHosts, type KnownHostsOptions } from '../ssh/known-hosts.ts';
import type { Ran, SshTarget } from '../ssh/ssh-link.ts';

/** A host over SSH, for whoever looks at its settings. */
export interface LookedAtHost {
  docker: Docker;
  /** What a shell command prints there; null: it cannot be run, or not in time. */
  print(command: string): Promise<string | null>;
}

/** A host over SSH that is to run executors, or has. */
export interface VisitedHost extends LookedAtHost {
  /** Runs a shell command there. @throws Error when it cannot be run; the signal's reason */
  run(command: string, options: { signal: AbortSignal; input?: string }): Promise<Ran>;
  /** Why its engine cannot be used, a sentence; null: it answers. */
  engineTrouble(): Promise<string | null>;
  /** Puts an executor's image and images of jobs there, as `prepareImages` of a manager does. */
  prepareImages(own: string, jobImages: string[], signal: AbortSignal): Promise<PreparedImage[]>;
}

/**
 * Connects to a host for as long as `work` takes, whether it has an engine or not.
 *
 * @throws HostKeyRefused, or an Error of the system or of the SSH client, when it is not reached at once; what `work` throws
 */
export async function visitHost<T>(
  target: SshTarget,
  knownHosts: KnownHostsOptions,
  work: (host: VisitedHost) => Promise<T>,
): Promise<T> {
  const [{ SshMachine }, { prepareImagesOn }, { withTag }] = await Promise.all([
    import('./machine.ts'),
    import('./prepare-images.ts'),
    import('./engine.ts'),
  ]);
  const ignore = () => undefined;
  const machine = new SshMachine(target, { knownHosts: new KnownHosts(knownHosts, ignore), log: ignore });
  try {
    await machine.reachedAtOnce();
    return await work({
      docker: machine.docker,
      print: (command) => machine.print(command),
      run: (command, options) => machine.run(command, options),
      engineTrouble: async () => ((await machine.inReach()) ? null : machine.trouble),
      prepareImages: (own, jobImages, signal) =>
        prepareImagesOn(machine, withTag(own), jobImages.map(withTag), signal),
    });
  } finally {
    machine.close();
  }
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
