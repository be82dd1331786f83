import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { reasonsIn } from '../watch.ts';
import { orNull } from '../engine.ts';

/** What is seen of a container at one moment; null: it is not there. */
export interface Seen {
  id: string;
  image: string;
  /** Between two runs it does not. */
  isRunning: boolean;
  restarts: number;
  exitCode: number;
  health: string | undefined;
  /** What the last check of its health said. */
  said: string;
}

export interface Limits {
  /** The id of the image that the service has to run from. */
  image: string;
  /** Whether it has to be ready, or just to run. */
  mustBeReady: boolean;
  /** @unit ms */
  ready: number;
  /** @unit ms */
  watch: number;
}

/** How often the service and its runner may end before that counts as a failure, while it is not ready yet. */
const endsAllowed = 3;

/** Judges a service after it was switched, by what is seen of it one moment after another. */
export class Judge {
  private readySince: number | null = null;
  private base: Seen | null = null;

  /** @param start the moment when it was switched @unit ms */
  constructor(
    private readonly limits: Limits,
    private readonly start: number,
  ) {}

  /** @returns that it is to be kept, why it is not, or null: it has to be looked at again */
  look(app: Seen | null, runner: Seen | null, now: number): 'kept' | { why: string } | null {
    const { limits, base } = this;
    if (runner && runner.restarts >= endsAllowed)
      return { why: `The runner ends again and again${codeOf(runner)}.` };
    const ours = app?.image === limits.image ? app : null;
    if (base && ours && ours.id === base.id && this.readySince !== null) {
      if (ours.restarts > base.restarts || !ours.isRunning)
        return { why: `The service has ended after it was ready${codeOf(ours)}.` };
      if (limits.mustBeReady && ours.health === 'unhealthy')
        return { why: `The service was ready, and is not any more. ${reasonsOf(ours)}` };
      return now - this.readySince >= limits.watch ? 'kept' : null;
    }
    // It is made anew, or was so by somebody else meanwhile.
    if (ours && ours.restarts >= endsAllowed)
      return { why: `The service ends again and again${codeOf(ours)}.` };
    if (ours?.isRunning && (!limits.mustBeReady || ours.health === 'healthy')) {
      this.readySince = now;
      this.base = ours;
      return null;
    }
    if (now - this.start < limits.ready) return null;
    const what = ours ? 'The service did not get ready' : 'The service was not started';
    return {
      why: `${what} within ${Math.round(limits.ready / 1_000)} s. ${ours ? reasonsOf(ours) : ''}`.trim(),
    };
  }
}

/** One that runs again does not tell any more. */
const codeOf = ({ isRunning, exitCode }: Seen): string =>
  isRunning ? '' : `, with the exit code ${exitCode}`;
const reasonsOf = ({ said }: Seen): string => reasonsIn(said) ?? '';

/** Watches a service after it was switched. @returns null: it is to be kept; or why it is not */
export async function watchService(
  docker: Docker,
  names: { app: string; runner: string },
  limits: Limits,
): Promise<string | null> {
  const judge = new Judge(limits, performance.now());
  for (; ; await sleep(1_000)) {
    const [app, runner] = await Promise.all([see(docker, names.app), see(docker, names.runner)]);
    const judged = judge.look(app, runner, performance.now());
    if (judged !== null) return judged === 'kept' ? null : judged.why;
  }
}

export async function see(docker: Docker, name: string): Promise<Seen | null> {
  const found = await docker.getContainer(name).inspect().catch(orNull);
  if (!found) return null;
  const { Running, Restarting, ExitCode, Health } = found.State;
  return {
    id: found.Id,
    image: found.Image,
    isRunning: Running && !Restarting,
    restarts: found.RestartCount,
    exitCode: ExitCode,
    health: Health?.Status,
    said: Health?.Log?.at(-1)?.Output ?? '',
  };
}
