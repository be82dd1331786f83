import type { Logger } from '@horde/operations';
import { SettingsError } from '@horde/settings';
import type { Collateral } from './collateral.ts';
import { NoCollateral } from './no-collateral.ts';
import { BadCollateral, StaticCollateral } from './static-collateral.ts';

/** The collateral of the setting `COLLATERAL`. @throws SettingsError */
export async function openCollateral(setting: string, logger: Logger): Promise<Collateral> {
  if (setting === 'off') {
    logger.warn(
      'COLLATERAL is off: miners get jobs without collateral, whatever DYNAMIC_MINIMUM_COLLATERAL_AMOUNT_WEI says, and none is slashed.',
    );
    return new NoCollateral();
  }
  try {
    return await StaticCollateral.open(setting, logger);
  } catch (error) {
    throw error instanceof BadCollateral ? new SettingsError([error.message]) : error;
  }
}
