import type { Collateral } from './collateral.ts';

/** Nobody has collateral. */
export class NoCollateral implements Collateral {
  readonly isKept = false;
  readonly source = 'COLLATERAL is off: no deposits are read, not from the chain either.';

  async of(): Promise<Map<string, bigint>> {
    return new Map();
  }

  async slash(): Promise<string> {
    return 'Nothing was slashed: no collateral is kept.';
  }
}
