import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { Role } from './roles.ts';
import { say } from './say.ts';

/** How often the service is looked at. @unit ms */
const pause = 2_000;

/** Says when the service gets ready, why it is not, and when it has ended. */
export async function watch(container: Docker.Container, role: Role): Promise<never> {
  let said = '';
  for (;;) {
    // One that is being made anew is not there for a moment.
    const state = await container.inspect().then(
      ({ State }) => State,
      () => null,
    );
    const sentence = state && sentenceOf(state);
    if (sentence && sentence !== said) {
      said = sentence;
      say(`The ${role.name} ${sentence}`);
    }
    await sleep(pause);
  }
}

/** What comes behind the service's name; null: nothing is to be said yet. */
function sentenceOf({
  Running,
  Restarting,
  ExitCode,
  Health,
}: Pick<Docker.ContainerInspectInfo['State'], 'Running' | 'Restarting' | 'ExitCode' | 'Health'>):
  string | null {
  if (!Running || Restarting) return `has ended with the exit code ${ExitCode}; it is started again.`;
  if (Health?.Status === 'healthy') return 'is ready.';
  const reasons = reasonsIn(Health?.Log.at(-1)?.Output ?? '');
  return reasons && `is not ready: ${reasons}`;
}

/** Of what /health/ready answers the checks that fail. */
export function reasonsIn(output: string): string | null {
  try {
    const { checks = {} } = JSON.parse(output) as { checks?: Record<string, string> };
    return (
      Object.values(checks)
        .filter((check) => check !== 'ok')
        .join(' ') || null
    );
  } catch {
    return null;
  }
}
