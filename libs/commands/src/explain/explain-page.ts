import type { PanelSpan } from '@horde/panel-api';

/** What every service's page of a job has. */
interface JobPage {
  uuid: string;
  executor_class: string;
  status_label: string;
  sentence: string;
  timeline: readonly PanelSpan[];
}

/**
 * A job as a service's panel shows it, for people: why it is where it is, then what happened when, then the facts.
 *
 * @param facts name -> what it is; null: not known, and left out
 */
export function explainPage(
  { uuid, executor_class: executorClass, status_label: status, sentence, timeline }: JobPage,
  facts: Record<string, string | null>,
  now = Date.now(),
): string {
  const head = `Job ${uuid}, class ${executorClass}: ${status.toLowerCase()}.\n${sentence}`;
  const spans = timeline.toSorted((a, b) => Date.parse(a.from) - Date.parse(b.from));
  const happened = spans.map(
    (span) =>
      `${timeOf(span.from)}  ${span.kind === 'wait' ? 'Wait: ' : ''}${span.sentence}${lasted(span, now)}`,
  );
  const known = Object.entries(facts).filter((fact): fact is [string, string] => fact[1] !== null);
  const nameWidth = Math.max(0, ...known.map(([name]) => name.length));
  const listed = known.map(([name, fact]) => `  ${name.padEnd(nameWidth)}  ${fact}`);
  return [head, happened.join('\n'), listed.join('\n')].filter((part) => part !== '').join('\n\n');
}

const timeOf = (at: string): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

/** How long it lasted, or does already, and how long it may. */
function lasted({ from, until, limit }: PanelSpan, now: number): string {
  if (until === from) return '';
  const end = until === null ? now : Date.parse(until);
  const seconds = Math.max(0, (end - Date.parse(from)) / 1_000).toFixed(1);
  const most = limit === null ? '' : `, of ${limit} s at most`;
  return ` (${until === null ? 'for ' : ''}${seconds} s${until === null ? ' now' : ''}${most})`;
}
