import { isTerminal } from '@horde/protocol';
import type { History } from './history.ts';

/** What has to hold, whatever strikes. */
export const invariants = {
  end: 'each job that was answered with 2xx has exactly one end',
  same: 'the end is the same at facilitator and validator',
  final: 'an end never changes',
  once: 'a job is started at most once',
  held: 'slots, reservations and messages on their way return to zero',
  left: 'no executor, container, folder is left',
  receipts: 'each receipt matches one job and counts once',
  output: 'output is complete and in order',
  secrets: 'no secret is in a log',
  weights: 'the chain has the weights for each cycle, as they were computed, and each receipt is scored once',
  lies: 'nothing that a miner makes up is taken, paid or scored',
  progress: 'a job completes within 30 s of healing',
} as const;
export type Invariant = keyof typeof invariants;
export const invariantNames = Object.keys(invariants) as Invariant[];

/** How often an invariant was looked at, and where it does not hold, as sentences. */
export interface Finding {
  count: number;
  violations: string[];
}

/** Judges what a run has left; reckoned from what was seen, with none of the services' code. */
export function check(history: History): Record<Invariant, Finding> {
  return {
    end: finding(history.jobs, ({ uuid, end }) =>
      end !== null && isTerminal(end) ? [] : [`job ${uuid} has no end: it is ${end ?? 'not known any more'}`],
    ),
    same: same(history),
    final: final(history),
    once: once(history),
    held: looked(history.held),
    left: looked(history.left),
    receipts: receipts(history),
    output: output(history),
    secrets: looked(history.secrets),
    weights: looked(history.weights),
    lies: looked(history.lies),
    progress: finding(history.healings, ({ fault, progress }) =>
      progress === null ? [`no job completed within 30 s of healing: ${fault}`] : [],
    ),
  };
}

function same({ jobs, ends }: History): Finding {
  const at = (where: string) =>
    new Map(ends.filter((end) => end.where === where).map(({ job, status }) => [job, status]));
  const [facilitator, validator] = [at('facilitator'), at('validator')];
  return finding(jobs, ({ uuid, end }) => {
    const said = new Set([end, facilitator.get(uuid), validator.get(uuid)]);
    // What ends before a validator has it is the facilitator's alone.
    if (!validator.has(uuid) && end !== 'completed') said.delete(undefined);
    return said.size === 1
      ? []
      : [
          `job ${uuid} is ${end} to its user, ${facilitator.get(uuid)} at the facilitator, ${validator.get(uuid)} at the validator`,
        ];
  });
}

function final({ ends }: History): Finding {
  const byJob = Map.groupBy(ends, ({ where, job }) => `job ${job} at the ${where}`);
  return finding([...byJob], ([job, seen]) =>
    seen.length > 1 ? [`${job} was ${seen.map(({ status }) => status).join(', then ')}`] : [],
  );
}

function once({ jobs, attempts, executions }: History): Finding {
  const jobOf = new Map(attempts.map(({ uuid, job }) => [uuid, job]));
  const starts = Map.groupBy(executions, (uuid) => jobOf.get(uuid) ?? `without an attempt, ${uuid}`);
  const known = new Set([...jobs.map(({ uuid }) => uuid), ...starts.keys()]);
  return finding([...known], (job) => {
    const count = starts.get(job)?.length ?? 0;
    if (!attempts.some((attempt) => attempt.job === job) && count > 0)
      return [`job ${job} was started and is nobody's`];
    return count > 1 ? [`job ${job} was started ${count} times`] : [];
  });
}

function receipts({ jobs, attempts, receipts }: History): Finding {
  const jobOf = new Map(attempts.map(({ uuid, job }) => [uuid, job]));
  const same = Map.groupBy(receipts, ({ where, uuid, type }) => `${type} of ${uuid} (${where})`);
  const matched = finding([...same], ([receipt, all]) => [
    ...(jobOf.has(all[0]!.uuid) ? [] : [`${receipt} is of no job`]),
    ...(all.length > 1 ? [`${receipt} is there ${all.length} times`] : []),
  ]);
  const paying = receipts.filter(({ pays }) => pays);
  const paid = finding(jobs, ({ uuid, end }) =>
    (['miner', 'validator', 'pages'] as const).flatMap((where) => {
      const count = paying.filter((one) => one.where === where && jobOf.get(one.uuid) === uuid).length;
      if (count > 1) return [`job ${uuid} is paid ${count} times (${where})`];
      if (count === 0 && end === 'completed') return [`job ${uuid} has completed and is not paid (${where})`];
      return [];
    }),
  );
  return { count: matched.count + paid.count, violations: [...matched.violations, ...paid.violations] };
}

const output = ({ jobs }: History): Finding =>
  finding(jobs, ({ uuid, prints, streamed, breaks, ran, stdout }) => [
    ...(breaks > 0 ? [`the stream of job ${uuid} broke ${breaks} times`] : []),
    ...(streamed === null || prints.startsWith(streamed)
      ? []
      : [`job ${uuid} was streamed ${short(streamed)}`]),
    ...(ran && streamed !== null && streamed !== prints
      ? [`job ${uuid} was streamed ${streamed.length} of ${prints.length} bytes`]
      : []),
    ...(ran && stdout !== prints ? [`the result of job ${uuid} is ${short(stdout ?? 'missing')}`] : []),
  ]);

const short = (text: string): string => JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);

const looked = ({ count, found }: { count: number; found: string[] }): Finding => ({
  count,
  violations: found,
});

const finding = <T>(all: readonly T[], wrong: (one: T) => string[]): Finding => ({
  count: all.length,
  violations: all.flatMap(wrong),
});
