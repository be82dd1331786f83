import path from 'node:path';
import { createTestDatabase } from '@horde/testing/database';
import { because } from '@horde/testing/missing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ourOutcome, type CycleOutcome } from './cycles/our-weights.ts';
import { randomCycle } from './cycles/random-cycle.ts';
import { referenceEnvironment } from './environment.ts';
import { Peer } from './peer.ts';

const checkout = path.resolve(process.env['REFERENCE_DIR'] ?? '');
const found = process.env['REFERENCE_DIR']
  ? await referenceEnvironment(checkout)
  : { missing: 'REFERENCE_DIR does not name a checkout of ComputeHorde' };
const missing = 'missing' in found ? found.missing : null;
const cycles = 15;
const ownFolder = path.join(import.meta.dirname, 'peers/reference');

/** What its settings have no default for; nothing of it is reached. */
const required = {
  ENV: 'interop',
  SECRET_KEY: 'interop',
  POSTGRES_PASSWORD: 'interop',
  BITTENSOR_NETUID: '12',
  BITTENSOR_NETWORK: 'none',
  BITTENSOR_WALLET_NAME: 'interop',
  BITTENSOR_WALLET_HOTKEY_NAME: 'default',
};

interface Scored {
  outcome: CycleOutcome;
  /** How many jobs cost just what their blocks gave. */
  exact: number;
}

describe.skipIf(missing !== null)(`ComputeHorde's own validator${because(missing)}`, () => {
  let peer: Peer;

  beforeAll(async () => {
    const { python } = found as { python: string };
    const folders = ['validator/app/src', 'compute_horde', 'compute_horde_sdk/src'];
    peer = await Peer.start(python, ['scoring'], {
      PYTHONPATH: [...folders.map((folder) => path.join(checkout, folder)), ownFolder].join(path.delimiter),
      DJANGO_SETTINGS_MODULE: 'validator_settings',
      DATABASE_URL: await createTestDatabase(),
      ...required,
    });
  }, 240_000);
  afterAll(() => peer?.stop());

  it(
    'pays the same jobs of a cycle, adds their blocks to the same bit, and comes to the same scores and weights',
    { timeout: 240_000 },
    async ({ task }) => {
      let jobs = 0;
      let sumsThatEqualTheCost = 0;
      for (let seed = 1; seed <= cycles; seed++) {
        const cycle = randomCycle(seed);
        const { outcome: theirs, exact } = await peer.ask<Scored>('score_cycle', { cycle });
        const ours = await ourOutcome(cycle);
        // Where nobody is to have any weight we hand in none, and they a zero for everybody.
        ours.weights ??= Object.fromEntries(Object.keys(theirs.weights!).map((hotkey) => [hotkey, 0]));
        expect(ours, `seed ${seed}`).toEqual(theirs);
        jobs += Object.keys(theirs.verdicts).length;
        sumsThatEqualTheCost += exact;
      }
      expect(sumsThatEqualTheCost).toBeGreaterThan(0);
      task.meta.count = jobs;
    },
  );
});
