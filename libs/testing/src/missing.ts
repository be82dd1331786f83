import { execFileSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';

/**
 * What is put after the name of a spec that cannot run here, so that `./horde test` can list why it was skipped:
 * ``describe.skipIf(missingIpv6 !== null)(`over IPv6${because(missingIpv6)}`, …)``.
 *
 * @param missing why it cannot run here; null: it can
 */
export const because = (missing: string | null): string => (missing === null ? '' : ` [skipped: ${missing}]`);

const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);

/** Why specs that need IPv6 cannot run here; null where they can. */
export const missingIpv6 = addresses.some(({ address }) => address === '::1')
  ? null
  : 'this machine has no IPv6: no interface has the address ::1';

/** Why specs that start these programs cannot run here; null where they can. */
export function missingPrograms(...programs: string[]): string | null {
  const missing = programs.filter((program) => {
    try {
      execFileSync(program, ['--version'], { stdio: 'ignore' });
      return false;
    } catch {
      return true;
    }
  });
  return missing.length === 0 ? null : `this machine has no ${missing.join(' and no ')}`;
}
