import { describe, expect, it } from 'vitest';
import { invariants, type Invariant, type Rule, type SimulationOptions } from './options.ts';
import { simulate } from './simulation.ts';

/** The first cycle of this subnet ends with block 361. */
const options: SimulationOptions = {
  miners: 8,
  validators: 3,
  full: 2,
  blocks: 375,
  jobs: 90,
  netuid: 358,
  seed: 7,
  broken: null,
};

const agree = 'validators with the same receipts, blocks, manifests and reports agree to the last bit';
const silent = () => undefined;
/** On a machine that does much else. @unit ms */
const patience = 180_000;

describe('a small network', () => {
  it(
    'keeps all invariants, and the same seed gives the same digest',
    async () => {
      const { findings, cycles, digest } = await simulate(options, silent);
      expect(findings.broken.flatMap((broken) => findings.of(broken))).toEqual([]);
      for (const invariant of invariants) expect(findings.count(invariant), invariant).toBeGreaterThan(0);
      expect(cycles).toMatchObject([{ cycle: { end: 362 } }]);
      expect((await simulate(options, silent)).digest).toBe(digest);
    },
    patience,
  );
});

/** One of each kind of check: bookings, receipts, what validators agree on. The others are of `./horde test --all`. */
const everyday: [Rule, Invariant][] = [
  ['double-spend', 'no block is spent twice'],
  ['forged', 'only genuine receipts are kept'],
  ['reorg', agree],
];
const others: [Rule, Invariant][] = [
  ['window', 'paid blocks are not too old or new for their job'],
  ['drop', 'a drop of the manifest takes what older blocks gave'],
  ['amount', 'what pays for a job is worth what it costs'],
  ['cheated', 'a reported job earns nothing at the validator that reported it'],
  ['order', agree],
  ['booking', 'nothing is over-allocated'],
  ['silence', agree],
];

describe.concurrent('a rule that is left out', () => {
  it.each(process.env['SIMULATED_RULES'] === 'all' ? [...everyday, ...others] : everyday)(
    '%s: is noticed, since it does not hold that %s',
    async (broken, invariant) => {
      const { findings } = await simulate({ ...options, broken }, silent);
      expect(findings.broken).toContain(invariant);
    },
    patience,
  );
});
