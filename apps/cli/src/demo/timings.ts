import { milliseconds, row } from '../row.ts';
import type { SeenContainer } from './container-watch.ts';

export interface Timings {
  /** @unit ms since the job was submitted */
  statuses: { status: string; at: number }[];
  /** When the job was submitted (ms since 1970), and how long it took until this machine knew that it had ended (ms). */
  submitted: { at: number; took: number };
  /** The bare container. @unit ms */
  bare: number | null;
  container: SeenContainer | null;
}

/** What happened until each status. */
const stages: Record<string, string> = {
  sent: 'login, signature, facilitator',
  received: 'facilitator to validator',
  accepted: 'routing, miner reserves',
  executor_ready: 'executor ready, image is there',
  volumes_ready: 'files arrive and are unpacked',
  execution_done: 'container',
  completed: 'result travels back',
};

/** Lines that say where the time went. */
export function describeTimings({ statuses, submitted, bare, container }: Timings): string[] {
  const spent = statuses.map(({ status, at }, index) =>
    stage(stages[status] ?? status, at - (statuses[index - 1]?.at ?? 0)),
  );
  const last = stage('until this machine knew', submitted.took - (statuses.at(-1)?.at ?? 0));
  const lines = ['Where the time went:', ...spent, last];
  if (container) lines.push(...describeContainer(container));
  if (bare !== null)
    lines.push(
      row(
        'bare',
        `${milliseconds(bare)} to create, start, await and remove the same container (median of 3)`,
      ),
    );
  const ratio = bare === null ? '' : ` = ${(submitted.took / bare).toFixed(2)} times the bare container`;
  lines.push(row('total', `${milliseconds(submitted.took)} from submit to completed${ratio}`));
  return lines;
}

const stage = (what: string, took: number): string =>
  row('', `${what.padEnd(31)} ${milliseconds(took).padStart(9)}`);

function describeContainer({ id, image, executor, times }: SeenContainer): string[] {
  const span = (from: string, to: string) =>
    times.has(from) && times.has(to) ? milliseconds(times.get(to)! - times.get(from)!) : 'an unknown time';
  return [
    row('image', image ?? 'unknown'),
    row('executor', executor ?? 'unknown'),
    row(
      'container',
      `${id.slice(0, 12)}: created to started ${span('create', 'start')}, ran ${span('start', 'die')}`,
    ),
  ];
}
