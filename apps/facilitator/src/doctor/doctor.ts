import { PylonChain } from '@horde/chain';
import {
  checkCertificate,
  checkClock,
  checkDatabase,
  checkDisk,
  checkRedis,
  fail,
  fullReasonOf,
  ok,
  settingsFindings,
  type Finding,
} from '@horde/commands';
import { loadSettings } from '@horde/settings';
import type { FacilitatorContext } from '../commands/facilitator-context.ts';
import { databaseOptions } from '../database.ts';
import { FacilitatorSettings } from '../settings.ts';
import { checkValidators } from './validators.ts';

/** Logins of validators that are signed further away are refused. @unit ms */
const furthestClock = 60_000;

/** Looks at everything that a facilitator needs around it, whether it runs or not; changes nothing. */
export async function doctor(
  context: FacilitatorContext,
  tell: (finding: Finding) => void,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const found = (...more: Finding[]) => {
    more.forEach(tell);
    findings.push(...more);
  };
  const read = () => loadSettings(FacilitatorSettings, context.environment).settings;
  const { settings, problems } = settingsFindings('facilitator', read);
  found(...problems);
  if (!settings) return findings;
  const { databaseUrl: url, pylonAddress } = settings;
  const migrations = databaseOptions(url).migrations.map(({ name }) => name);
  const database = await checkDatabase({ service: 'facilitator', url, migrations });
  found(database);
  found(await checkRedis(settings.redisUrl));
  found(await checkChain(settings));
  if (database.verdict === 'OK') found(await checkValidators(url));
  const consequence = 'validators are refused';
  found(await checkClock({ services: [pylonAddress], furthest: furthestClock, consequence }));
  found(await checkDisk([process.cwd()]));
  found(await checkCertificate(settings));
  return findings;
}

async function checkChain({
  pylonAddress: address,
  netuid,
  pylonOpenAccessToken: openAccessToken,
}: FacilitatorSettings): Promise<Finding> {
  try {
    const { block, neurons } = await new PylonChain({ address, netuid, openAccessToken }).neurons();
    return ok('chain', `Block ${block.number}, ${neurons.length} neurons on subnet ${netuid}.`);
  } catch (error) {
    const fix = `Start Pylon, or set PYLON_ADDRESS (${address}) and PYLON_OPEN_ACCESS_TOKEN to its own.`;
    return fail('chain', `${fullReasonOf(error)}.`, fix);
  }
}
