import { describe, expect, it } from 'vitest';
import type { Collateral } from '../collateral.ts';

/** The promises of `Collateral`, checked on an adapter of which `rich` has 1,000 wei, if anybody has any, and `poor` none. */
export function collateralConformance(
  name: string,
  open: (rich: string, poor: string) => Promise<Collateral>,
): void {
  const rich = '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty';
  const poor = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';
  const uuid = '5b7d7f0e-0b0a-4c56-9d9b-2f6b4a1f1c11';

  describe(`the collateral ${name}`, () => {
    it('is told of those alone who were asked for, and of those without any as nothing', async () => {
      const collateral = await open(rich, poor);
      expect((await collateral.of([poor])).get(poor) ?? 0n).toBe(0n);
      expect((await collateral.of([poor])).has(rich)).toBe(false);
      const deposits = await collateral.of([rich, poor]);
      expect(deposits.get(rich) ?? 0n).toBe(collateral.isKept ? 1_000n : 0n);
    });

    it('says in a sentence what slashing has come to, and takes nothing where there is nothing', async () => {
      const collateral = await open(rich, poor);
      for (const minerHotkey of [rich, poor])
        expect(await collateral.slash({ uuid, minerHotkey }, 500n)).toMatch(/\.$/);
      expect(await collateral.slash({ uuid, minerHotkey: poor }, 500n)).toMatch(/^Nothing was slashed/);
    });
  });
}
