import {
  checkCertificate,
  checkClock,
  checkDatabase,
  checkDisk,
  checkRedis,
  checkWallet,
  doctorOf,
} from '@horde/commands';
import type { ValidatorContext } from '../commands/validator-context.ts';
import { databaseOptions } from '../database.ts';
import type { ValidatorSettings } from '../settings.ts';
import { checkChain } from './chain.ts';
import { checkFacilitators } from './facilitators.ts';

/** Miners of ComputeHorde's refuse authentications beyond it. @unit ms */
const furthestClock = 10_000;

/** Looks at everything that a validator needs around it, whether it runs or not; changes nothing. */
export const doctor = doctorOf<ValidatorContext, ValidatorSettings>(
  'validator',
  async (_context, settings, found) => {
    const { databaseUrl: url, pylonAddress, facilitatorUris } = settings;
    const migrations = databaseOptions(url).migrations.map(({ name }) => name);
    found(await checkDatabase({ service: 'validator', url, migrations }));
    found(await checkRedis(settings.redisUrl));
    const wallet = await checkWallet(settings);
    found(...wallet.findings);
    found(...(await checkChain(settings, wallet.address)));
    found(...(await checkFacilitators(facilitatorUris)));
    const services = [...facilitatorUris.map((uri) => uri.replace(/^ws/, 'http')), pylonAddress];
    found(
      await checkClock({ services, furthest: furthestClock, consequence: 'miners refuse this validator' }),
    );
    found(await checkDisk([process.cwd()]));
    found(await checkCertificate(settings));
  },
);
