/**
 * Has faults strike a whole network while jobs flow through it, heals it, and checks what has to hold. The faults, whom they
 * strike and when are drawn from a seed. Ends with 1 when an invariant does not hold, as it must with `--break NAME`.
 *
 * Real: all four services, executors, their links and a Postgres of their own, as processes; the chain is the devnet.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { breakNames, breaks, type Break, type FaultOptions } from '../tests/faults/suite/options.ts';
import { readArguments, refuseArguments } from './arguments.ts';
import { bundleScript } from './bundle-script.ts';

const tool = 'exec -- npm run faults --';
const runners = ['noop', 'docker'] as const;

const { values } = readArguments(tool, {
  options: {
    seed: { type: 'string' },
    minutes: { type: 'string', default: '10' },
    faults: { type: 'string', default: 'Infinity' },
    only: { type: 'string' },
    jobs: { type: 'string', default: '6' },
    runner: { type: 'string', default: 'noop' },
    executors: { type: 'string', default: 'process' },
    redis: { type: 'boolean' },
    break: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log(
    'npm run faults -- [--seed S] [--minutes M] [--faults F] [--only KIND,KIND] [--jobs N] [--runner noop|docker]\n' +
      '  [--executors noop] [--redis] [--break NAME] [--json FILE]\n' +
      'Kills, pauses and cuts off the services of a network of its own while N jobs (6) are in flight, for M minutes (10) or\n' +
      'until F faults have struck, heals it each time, and checks what has to hold. A run that fails prints its seed, which\n' +
      'draws the same faults again. With the runner noop a job is a process that prints, with docker a container.\n' +
      'With --only no other kinds of faults are drawn (docs/reliability.md has all of them).\n' +
      'With --executors noop one process plays all executors, for many jobs: it speaks the wire and runs nothing.\n' +
      'With --redis queues and doorbells are in a Redis, which is struck too.\n' +
      'One thing can be done wrong on purpose; it ends with 1 then:',
  );
  for (const name of breakNames) console.log(`  --break ${name.padEnd(15)} ${breaks[name]}`);
  process.exit(0);
}
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const [minutes, faults, jobs] = [values.minutes, values.faults, values.jobs].map(Number) as [
  number,
  number,
  number,
];
if (!Number.isInteger(seed)) refuseArguments(tool, '--seed is not a whole number.');
if (!(minutes >= 0)) refuseArguments(tool, '--minutes is not a number.');
if (!(faults >= 0)) refuseArguments(tool, '--faults is not a number.');
if (!(Number.isInteger(jobs) && jobs > 0)) refuseArguments(tool, '--jobs is not a number of jobs.');
if (!runners.some((name) => name === values.runner))
  refuseArguments(tool, `There is no runner ${JSON.stringify(values.runner)}: ${runners.join(', ')}.`);
if (!['process', 'noop'].includes(values.executors)) refuseArguments(tool, '--executors is not noop.');
if (values.break !== undefined && !breakNames.some((name) => name === values.break))
  refuseArguments(tool, `There is no break ${JSON.stringify(values.break)}: ${breakNames.join(', ')}.`);

const script = await bundleScript('tests/faults/suite/report.ts');
const { report, faultKinds, faultKindsOf } = (await import(
  script
)) as typeof import('../tests/faults/suite/report.ts');
rmSync(script, { force: true });
const kinds = values.only?.split(',') ?? null;
const unknown = kinds?.find((name) => !faultKinds.some((kind) => kind === name));
if (unknown !== undefined)
  refuseArguments(tool, `There is no fault ${JSON.stringify(unknown)}: ${faultKinds.join(', ')}.`);
const options: FaultOptions = {
  seed,
  minutes,
  faults,
  kinds,
  jobs,
  runner: values.runner as FaultOptions['runner'],
  executors: values.executors as FaultOptions['executors'],
  redis: values.redis ?? false,
  broken: (values.break ?? null) as Break | null,
};
if (faultKindsOf(options).length === 0)
  refuseArguments(
    tool,
    'None of these faults can strike such a network: some need --runner docker, some --redis.',
  );
const result = await report(options, console.log);
if (values.json) writeFileSync(values.json, `${JSON.stringify({ options, ...result }, null, 2)}\n`);
process.exit(result.holds ? 0 : 1);
