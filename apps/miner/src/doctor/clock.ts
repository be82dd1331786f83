import { fail, ok, warn, type Finding } from '@horde/commands';
import type { MinerSettings } from '../settings.ts';

/** How far validators' clocks may be from the miner's: their authentications are refused beyond it. @unit ms */
const furthest = 10_000;
/** A clock that is kept is nearer than that. @unit ms */
const near = 3_000;
/** How long a clock may take to answer. @unit ms */
const patience = 5_000;

/** Compares this machine's clock with those of the web services and of Pylon, by the time that they answer with. */
export async function checkClock({ publicAddressServices, pylonAddress }: MinerSettings): Promise<Finding> {
  const check = 'clock';
  for (const url of [...publicAddressServices, pylonAddress]) {
    const ahead = await aheadOf(url);
    if (ahead === null) continue;
    const by = `${(Math.abs(ahead) / 1000).toFixed(0)} s ${ahead > 0 ? 'ahead of' : 'behind'}`;
    const host = new URL(url).host;
    if (Math.abs(ahead) < near) return ok(check, `It agrees with that of ${host}.`);
    const fix = 'Keep it with NTP: timedatectl set-ntp true, or apt-get install chrony.';
    const says = `It is ${by} that of ${host}; validators are refused from ${furthest / 1000} s on.`;
    return Math.abs(ahead) < furthest ? warn(check, says, fix) : fail(check, says, fix);
  }
  return warn(
    check,
    'There is nobody to compare it with.',
    'Set PUBLIC_ADDRESS_SERVICES to a web service that answers.',
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
