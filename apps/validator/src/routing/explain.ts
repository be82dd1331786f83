import type { Attempt } from '../jobs/attempt.entity.ts';
import { requestOf } from '../jobs/messages.ts';
import { sentenceOf } from '../jobs/job-sentence.ts';
import { awaited } from '../jobs/stages.ts';
import { readDecision, type Considered } from './decision.ts';
import type { JobRouting } from './decisions.ts';

/** How a job got its miners, and what it waits for, for people. */
export function explain(routing: JobRouting): string {
  const { job, decisions } = routing;
  const wait = waitOf(routing);
  const why = wait
    ? `It waits since ${time(wait.since)}, until ${time(wait.until)} at most: ${wait.sentence}`
    : sentenceOf(routing.last);
  const head = `Job ${job.uuid}, class ${job.executor_class}: ${job.status}.\n${why}`;
  if (decisions.length === 0) return `${head}\nNo miner was looked for.`;
  const parts = decisions.map(({ decision, attempt }) => {
    const { says, candidates, others } = readDecision(decision.decision);
    const lines = [`${time(decision.decided_at)}  ${says}`];
    if (candidates.length > 0) lines.push(...table(candidates));
    const rest = Object.entries(others).map(([result, count]) => `${count} ${result}`);
    if (rest.length > 0) lines.push(`  and more: ${rest.join(', ')}`);
    if (attempt && attempt.uuid !== job.uuid) lines.push(`  The miner knows the job as ${attempt.uuid}.`);
    if (attempt?.outcome) lines.push(`  ${time(attempt.ended_at!)}  ${endOf(attempt)}`);
    return lines.join('\n');
  });
  return [head, ...parts].join('\n\n');
}

/** What a job waits for, since when and until when at most; null: it waits for nothing. */
export function waitOf({
  job,
  since,
  decisions,
}: JobRouting): { sentence: string; since: Date; until: Date } | null {
  if (job.ended_at) return null;
  if (job.waits_since) return { sentence: job.waits_for!, since: job.waits_since, until: job.waits_until! };
  const attempt = decisions.findLast((one) => one.attempt?.deadline)?.attempt;
  if (!attempt) return null;
  const { what } = awaited(job.status, requestOf(job.request).streaming_details !== null);
  const sentence = `The miner ${attempt.miner_hotkey} has to ${what}.`;
  return { sentence, since, until: attempt.deadline! };
}

const time = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`;

const endOf = ({ number, outcome, message }: Attempt): string =>
  `Attempt ${number} ended: ${outcome!.replaceAll('_', ' ')}.${message ? ` ${message}` : ''}`;

const columns: { name: string; of: (considered: Considered) => string }[] = [
  { name: 'miner', of: ({ hotkey }) => hotkey },
  { name: 'reliability', of: ({ reliability }) => reliability.toFixed(2) },
  { name: 'chance', of: ({ chance }) => `${(chance * 100).toFixed(1)} %` },
  { name: 'offered', of: ({ offered }) => String(offered) },
  { name: 'busy', of: ({ busy }) => String(busy) },
  { name: 'allowance', of: ({ allowance }) => `${allowance} s` },
  { name: '', of: ({ result }) => result },
];

function table(candidates: readonly Considered[]): string[] {
  const cells = [
    columns.map(({ name }) => name),
    ...candidates.map((one) => columns.map(({ of }) => of(one))),
  ];
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => row[at]!.length)));
  const isText = (at: number) => at === 0 || at === columns.length - 1;
  return cells.map((row) => {
    const padded = row.map((cell, at) =>
      isText(at) ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!),
    );
    return `  ${padded.join('  ')}`.trimEnd();
  });
}
