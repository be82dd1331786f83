/**
 * Simulates a whole network, and checks what has to hold in it. The same seed gives the same digest. Ends with 1 when an
 * invariant does not hold, as it must with `--break RULE`.
 *
 * Real: the rooms of the validators with `--full` (blocks, manifests, bookings, receipts and their transfer, spending,
 * scores, weights) with a Postgres database each, the devnet's ledger and clock, all signatures. Light: the other
 * validators book by the same rules in memory and score nothing; miners answer and show their pages in memory, and
 * their executors do nothing; nothing goes over HTTP or a socket, and no schedule or clock of the machine runs: time is
 * that of the blocks. A signature that one validator has verified the others do not verify again.
 * That no block is spent twice is checked within each cycle: as at ComputeHorde's validators, each is judged on its own.
 */
import { rmSync } from 'node:fs';
import startPostgres from '../libs/testing/src/postgres.ts';
import { ruleNames, rules, type Rule } from '../tests/simulate/options.ts';
import { readArguments, refuseArguments } from './arguments.ts';
import { bundleScript } from './bundle-script.ts';

const defaults = { miners: 256, validators: 20, full: 2, blocks: 2_000, jobs: 20_000, netuid: 174, seed: 1 };
const names = Object.keys(defaults) as (keyof typeof defaults)[];

const { values } = readArguments('exec -- npm run simulate --', {
  options: {
    ...Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
    break: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log(
    'Simulates a network of validators and miners, and checks what has to hold in it. Options with their defaults:',
  );
  console.log(
    'npm run simulate -- [--break RULE]' + names.map((name) => ` [--${name} ${defaults[name]}]`).join(''),
  );
  console.log(
    'The same seed gives the same digest. At this size it takes some six minutes on two cores; one of them with --miners 64 --blocks 800 --jobs 3000.\n' +
      'One rule can be left out; it ends with 1 then, since something does not hold:',
  );
  for (const name of ruleNames) console.log(`  --break ${name.padEnd(12)} ${rules[name]}`);
  process.exit(0);
}
const given = values as Record<string, string | undefined>;
const numbers = Object.fromEntries(
  names.map((name) => [name, Number(given[name] ?? defaults[name])]),
) as typeof defaults;
const wrong = names.find((name) => !Number.isInteger(numbers[name]) || numbers[name] < 0);
const broken = (given['break'] ?? null) as Rule | null;
if (wrong) refuse(`--${wrong} is not a whole number.`);
if (broken !== null && !ruleNames.includes(broken))
  refuse(`There is no rule ${JSON.stringify(broken)}: ${ruleNames.join(', ')}.`);
if (numbers.full < 2 || numbers.validators <= numbers.full || numbers.miners < 4 || numbers.blocks < 100)
  refuse('There are to be at least two full validators and one more, four miners and 100 blocks.');

const began = performance.now();
const script = await bundleScript('tests/simulate/report.ts');
const { report } = (await import(script)) as typeof import('../tests/simulate/report.ts');
rmSync(script, { force: true });
const stop = await startPostgres();
let holds = false;
try {
  holds = await report({ ...numbers, broken }, console.log);
} finally {
  await stop?.();
}
console.log(`${((performance.now() - began) / 1_000).toFixed(0)} s`);
process.exit(holds ? 0 : 1);

function refuse(reason: string): never {
  refuseArguments('exec -- npm run simulate --', reason);
}
