import {
  checkCertificate,
  checkClock,
  checkDatabase,
  checkDisk,
  checkRedis,
  checkWallet,
  doctorOf,
  minersOf,
} from '@horde/commands';
import { authTolerance } from '@horde/protocol';
import type { ValidatorContext } from '../commands/validator-context.ts';
import { databaseOptions } from '../database.ts';
import type { ValidatorSettings } from '../settings.ts';
import { checkChain } from './chain.ts';
import { checkFacilitators } from './facilitators.ts';

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
    const services = [
      ...facilitatorUris.map((uri) => uri.replace(/^ws/, 'http')),
      pylonAddress,
      ...(await minersOf('validator', url)),
    ];
    const consequence = 'miners refuse this validator';
    found(await checkClock({ services, tolerance: authTolerance, consequence }));
    found(await checkDisk([process.cwd()]));
    found(await checkCertificate(settings));
  },
);
