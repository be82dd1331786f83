import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SettingsError } from '@horde/settings';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NoCollateral } from './no-collateral.ts';
import { openCollateral } from './open-collateral.ts';
import { StaticCollateral } from './static-collateral.ts';
import { collateralConformance } from './testing/conformance.ts';

const one = '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty';
const lines: { msg: string }[] = [];
const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'collateral-spec-'));
});
afterAll(() => rm(folder, { recursive: true }));

collateralConformance('that is off', async () => new NoCollateral());
collateralConformance('in the setting', (rich, poor) =>
  StaticCollateral.open(JSON.stringify({ [rich]: 1_000, [poor]: '0' }), logger),
);
collateralConformance('in a file', async (rich) => {
  const file = path.join(folder, 'deposits.json');
  await writeFile(file, JSON.stringify({ [rich]: '1000' }));
  return StaticCollateral.open(file, logger);
});

describe('the fault that a deposit outlived its miner', () => {
  it('one that is no longer listed is gone at once; a file that cannot be read changes nothing', async () => {
    const file = path.join(folder, 'changing.json');
    await writeFile(file, JSON.stringify({ [one]: '7' }));
    const collateral = await StaticCollateral.open(file, logger);
    await writeFile(file, '{');
    lines.length = 0;
    for (const _again of [1, 2]) expect(await collateral.of([one])).toEqual(new Map([[one, 7n]]));
    expect(lines.map(({ msg }) => msg)).toEqual([`${file} is not JSON. What was read before is used.`]);
    await writeFile(file, '{}');
    expect(await collateral.of([one])).toEqual(new Map());
  });
});

describe('a setting that names no deposits', () => {
  it('is refused at the start', async () => {
    const refused = (source: string) => expect(openCollateral(source, logger)).rejects;
    await refused('/nowhere.json').toThrow(new SettingsError(['/nowhere.json cannot be read: ENOENT.']));
    await refused('{"5Nobody": "1"}').toThrow('"5Nobody" is not an SS58 address.');
    await refused(`{"${one}": 1e30}`).toThrow(`the wei of ${one} must be a whole number`);
    await refused(`{"${one}": "-1"}`).toThrow('must be a whole number');
  });

  it('is said to be off, or only a list, and what that means', async () => {
    lines.length = 0;
    expect((await openCollateral('off', logger)).isKept).toBe(false);
    expect((await openCollateral('{}', logger)).isKept).toBe(true);
    expect(lines.map(({ msg }) => msg)).toEqual([
      expect.stringContaining('Miners get jobs without any, whatever'),
      expect.stringContaining('none are read from the chain, and slashing is only noted'),
    ]);
  });
});
