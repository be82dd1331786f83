import {
  checkCertificate,
  checkClock,
  checkDatabase,
  checkDisk,
  checkRedis,
  checkWallet,
  settingsFindings,
  type Finding,
} from '@horde/commands';
import type { ValidatorContext } from '../commands/validator-context.ts';
import { databaseOptions } from '../database.ts';
import { checkChain } from './chain.ts';
import { checkFacilitators } from './facilitators.ts';

/** Miners of ComputeHorde's refuse authentications beyond it. @unit ms */
const furthestClock = 10_000;

/** Looks at everything that a validator needs around it, whether it runs or not; changes nothing. */
export async function doctor(
  context: ValidatorContext,
  tell: (finding: Finding) => void,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const found = (...more: Finding[]) => {
    more.forEach(tell);
    findings.push(...more);
  };
  const { settings, problems } = settingsFindings('validator', () => context.settings());
  found(...problems);
  if (!settings) return findings;
  const { databaseUrl: url, pylonAddress, facilitatorUris } = settings;
  const migrations = databaseOptions(url).migrations.map(({ name }) => name);
  found(await checkDatabase({ service: 'validator', url, migrations }));
  found(await checkRedis(settings.redisUrl));
  const wallet = await checkWallet(settings);
  found(...wallet.findings);
  found(...(await checkChain(settings, wallet.address)));
  found(...(await checkFacilitators(facilitatorUris)));
  const services = [...facilitatorUris.map((uri) => uri.replace(/^ws/, 'http')), pylonAddress];
  found(await checkClock({ services, furthest: furthestClock, consequence: 'miners refuse this validator' }));
  found(await checkDisk([process.cwd()]));
  found(await checkCertificate(settings));
  return findings;
}
