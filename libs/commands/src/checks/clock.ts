import { fail, ok, warn, type Finding } from '../report.ts';

/** A clock that is kept is nearer than that. @unit ms */
const near = 3_000;
/** How long a clock may take to answer. @unit ms */
const patience = 5_000;

interface ClockRules {
  /** Who is asked for the time, the first that answers: URLs. */
  services: string[];
  /** How far it may be away. @unit ms */
  furthest: number;
  /** What happens from there on, as the end of a sentence: `validators are refused`. */
  consequence: string;
}

/** Compares this machine's clock with those of servers, by the time that they answer with. */
export async function checkClock({ services, furthest, consequence }: ClockRules): Promise<Finding> {
  const check = 'clock';
  for (const url of services) {
    const ahead = await aheadOf(url);
    if (ahead === null) continue;
    const by = `${(Math.abs(ahead) / 1000).toFixed(0)} s ${ahead > 0 ? 'ahead of' : 'behind'}`;
    const host = new URL(url).host;
    if (Math.abs(ahead) < near) return ok(check, `It agrees with that of ${host}.`);
    const fix = 'Keep it with NTP: timedatectl set-ntp true, or apt-get install chrony.';
    const says = `It is ${by} that of ${host}; ${consequence} from ${furthest / 1000} s on.`;
    return Math.abs(ahead) < furthest ? warn(check, says, fix) : fail(check, says, fix);
  }
  return warn(
    check,
    'There is nobody to compare it with.',
    `Let one of these answer: ${services.join(', ')}`,
  );
}

/** How far this clock is ahead of a server's, which tells whole seconds; null: it does not answer. @unit ms */
async function aheadOf(url: string): Promise<number | null> {
  try {
    const asked = Date.now();
    const options = { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(patience) } as const;
    const date = (await fetch(url, options)).headers.get('date');
    const told = Date.parse(date ?? '');
    return Number.isNaN(told) ? null : (asked + Date.now()) / 2 - (told + 500);
  } catch {
    return null;
  }
}
