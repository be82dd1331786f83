import type { Logger } from '@horde/operations';
import { SettingsError } from '@horde/settings';
import type { Collateral } from './collateral.ts';
import { NoCollateral } from './no-collateral.ts';
import { BadCollateral, StaticCollateral } from './static-collateral.ts';

/** The collateral of the setting `COLLATERAL`. @throws SettingsError */
export async function openCollateral(setting: string, logger: Logger): Promise<Collateral> {
  if (setting === 'off') {
    const none = new NoCollateral();
    logger.warn(
      `${none.source} Miners get jobs without any, whatever DYNAMIC_MINIMUM_COLLATERAL_AMOUNT_WEI says, and none is slashed.`,
    );
    return none;
  }
  try {
    const listed = await StaticCollateral.open(setting, logger);
    logger.info(listed.source);
    return listed;
  } catch (error) {
    throw error instanceof BadCollateral ? new SettingsError([error.message]) : error;
  }
}
