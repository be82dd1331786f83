import { setTimeout as sleep } from 'node:timers/promises';
import { randomness } from '@horde/testing/random';
import { breakOn } from './breaks.ts';
import { check, type Finding, type Invariant } from './checker.ts';
import { seconds } from './draws.ts';
import { drawFaults, faultKinds, faultKindsOf, type Fault, type FaultKind } from './faults.ts';
import type { Healing, UserJob } from './history.ts';
import { Load } from './load.ts';
import { FaultNetwork } from './network.ts';
import type { FaultOptions } from './options.ts';
import { serviceNames } from './service.ts';
import { stages, whenIn, type Stage } from './stages.ts';
import { attempts, EndWatch, executions, leaks, left, receipts, settled } from './watch.ts';
import { weights } from './weights.ts';

/** A job has to complete so soon after healing. @unit ms */
const progressWithin = 30_000;
/** How long a job in a certain stage is waited for before a fault strikes all the same. @unit ms */
const stageWithin = 5_000;
/** How long all jobs may take to end once faults no longer strike: what their stages may take at most. @unit ms */
const endWithin = 300_000;

/** How often each kind of fault has struck jobs, by their stages. */
type Struck = Record<FaultKind, Record<Stage, number>>;

export interface FaultRun {
  findings: Record<Invariant, Finding>;
  struck: Struck;
  /** How often each kind has struck. */
  faults: Record<FaultKind, number>;
  /** Jobs by their ends. */
  ends: Record<string, number>;
  /** What the creation of jobs was refused with. */
  refusals: string[];
  /** What the following of jobs was given up with. */
  lost: string[];
  /** How often services have ended by themselves, by name. */
  exits: Record<string, number>;
  /** The network's folder, with its logs; null where everything held. */
  folder: string | null;
}

/** Starts a network, has faults strike it while jobs flow, heals it, and judges what is left. */
export async function run(options: FaultOptions, say: (line: string) => void): Promise<FaultRun> {
  const network = await FaultNetwork.start(options);
  let holds = false;
  const interrupted = Promise.withResolvers<never>();
  const interrupt = () => interrupted.reject(new Error('The run was interrupted.'));
  process.once('SIGINT', interrupt);
  try {
    const result = await Promise.race([runOn(network, options, say), interrupted.promise]);
    holds = Object.values(result.findings).every(({ violations }) => violations.length === 0);
    return { ...result, folder: holds ? null : network.folder };
  } finally {
    process.removeListener('SIGINT', interrupt);
    await network.close(!holds);
  }
}

async function runOn(
  network: FaultNetwork,
  options: FaultOptions,
  say: (line: string) => void,
): Promise<FaultRun> {
  const { seed, jobs, executors, runner, broken } = options;
  // Jobs draw from a stream of their own: how many there are by a certain time is not the seed's to say.
  const load = new Load(
    network.clients,
    network.machine.engine?.reference ?? 'none',
    randomness(seed + 1),
    executors === 'process',
    runner === 'docker',
  );
  const watch = new EndWatch(network);
  load.start(jobs);
  await load.completes(endWithin);
  await breakOn(network, broken === 'receipt-twice' ? null : broken);
  const { healings, struck, faults } = await strike(network, load, options, say);
  await load.finish(endWithin);
  await load.lookAgain();
  const held = await settled(network);
  await breakOn(network, broken === 'receipt-twice' ? broken : null);
  await watch.finish();
  const history = {
    jobs: load.jobs,
    ends: watch.ends,
    attempts: await attempts(network),
    executions: await executions(network),
    receipts: await receipts(network),
    held,
    left: await left(network, options),
    secrets: await leaks(network),
    weights: await weights(network),
    lies: await network.liar.believed(network),
    healings,
  };
  return {
    findings: check(history),
    struck,
    faults,
    ends: endsOf(history.jobs),
    refusals: load.refusals,
    lost: load.lost,
    exits: Object.fromEntries(serviceNames.map((name) => [name, network.services[name].ends])),
    folder: null,
  };
}

async function strike(
  network: FaultNetwork,
  load: Load,
  options: FaultOptions,
  say: (line: string) => void,
): Promise<{ healings: Healing[]; struck: Struck; faults: Record<FaultKind, number> }> {
  const { seed, minutes, faults: most, broken } = options;
  const healings: Healing[] = [];
  const struck = table(() => Object.fromEntries(stages.map((stage) => [stage, 0])) as Record<Stage, number>);
  const faults = table(() => 0);
  const began = performance.now();
  const draws = drawFaults(randomness(seed), faultKindsOf(options));
  const goesOn = () => performance.now() - began < minutes * 60_000 && healings.length < most;
  while (goesOn()) {
    const fault = draws.next().value;
    const counts = await whenIn(fault.stage, network, stageWithin);
    if ((await fault.strike(network)) === false) {
      say(`${fault.kind}: ${fault.says}; it cannot be done on this machine`);
      continue;
    }
    for (const stage of stages) if (counts[stage] > 0) struck[fault.kind][stage]++;
    faults[fault.kind]++;
    const progress = await heal(fault, network, load, broken === 'stays-cut');
    const name = `${fault.kind}: ${fault.says}`;
    healings.push({ fault: name, progress });
    const heard =
      progress === null ? 'no job completed in time' : `a job completed after ${seconds(progress)}`;
    say(`${seconds(performance.now() - began)}  ${name}; ${inFlight(counts)}; ${heard}`);
  }
  return { healings, struck, faults };
}

/** Heals what has struck, when it is over. @returns how long it took from healing until a job completed, ms; null: none did in time */
async function heal(
  fault: Fault,
  network: FaultNetwork,
  load: Load,
  staysCut: boolean,
): Promise<number | null> {
  await sleep(fault.lasts);
  await fault.heal(network);
  if (!staysCut) return load.completes(progressWithin);
  network.links['validator to facilitator'].cut(true);
  const progress = await load.completes(progressWithin).then(() => load.completes(progressWithin));
  network.links['validator to facilitator'].heal();
  return progress;
}

const table = <T>(value: () => T): Record<FaultKind, T> =>
  Object.fromEntries(faultKinds.map((kind) => [kind, value()])) as Record<FaultKind, T>;

const inFlight = (counts: Record<Stage, number>): string =>
  stages.flatMap((stage) => (counts[stage] > 0 ? [`${counts[stage]} ${stage}`] : [])).join(', ') || 'no job';

function endsOf(jobs: UserJob[]): Record<string, number> {
  const byEnd = Map.groupBy(
    jobs,
    ({ end, reason }) => `${end ?? 'without an end'}${reason ? ` (${reason})` : ''}`,
  );
  return Object.fromEntries([...byEnd].map(([end, all]) => [end, all.length]));
}
