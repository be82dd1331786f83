import { PylonChain } from '@horde/chain';
import {
  checkCertificate,
  checkClock,
  checkDatabase,
  checkDisk,
  checkRedis,
  doctorOf,
  fail,
  fullReasonOf,
  minersOf,
  ok,
  type Finding,
} from '@horde/commands';
import { isPublicAddress } from '@horde/network';
import { loginTolerance } from '@horde/protocol';
import type { FacilitatorContext } from '../commands/facilitator-context.ts';
import { databaseOptions } from '../database.ts';
import type { FacilitatorSettings } from '../settings.ts';
import { checkValidators } from './validators.ts';

/** Looks at everything that a facilitator needs around it, whether it runs or not; changes nothing. */
export const doctor = doctorOf<FacilitatorContext, FacilitatorSettings>(
  'facilitator',
  async (_context, settings, found) => {
    const { databaseUrl: url, pylonAddress } = settings;
    const migrations = databaseOptions(url).migrations.map(({ name }) => name);
    const database = await checkDatabase({ service: 'facilitator', url, migrations });
    found(database);
    found(await checkRedis(settings.redisUrl));
    found(await checkChain(settings));
    if (database.verdict === 'OK') found(await checkValidators(url));
    const mayAsk = (ip: string) => settings.privateMiners || isPublicAddress(ip);
    const services = [pylonAddress, ...(await minersOf('facilitator', url, mayAsk))];
    const consequence = 'validators are refused';
    found(await checkClock({ services, tolerance: loginTolerance, consequence }));
    found(await checkDisk([process.cwd()]));
    found(await checkCertificate(settings));
  },
);

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
