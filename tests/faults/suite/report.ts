import { invariantNames, invariants } from './checker.ts';
import { faultKinds, faultKindsOf } from './faults.ts';
import { stages } from './stages.ts';
import { breaks, type FaultOptions } from './options.ts';
import { run, type FaultRun } from './run.ts';

export { faultKinds, faultKindsOf };

/** So many violations of one invariant are shown. */
const shown = 5;

/** Runs the suite and says what came of it. */
export async function report(
  options: FaultOptions,
  say: (line: string) => void,
): Promise<FaultRun & { holds: boolean }> {
  const { seed, minutes, faults, jobs, runner, executors, redis, broken } = options;
  const length = `${minutes} minutes of faults${faults < Infinity ? ` or ${faults} of them` : ''}`;
  say(
    `seed ${seed}, ${length}, ${jobs} jobs in flight, ${executors === 'noop' ? 'executors noop' : `runner ${runner}`}${redis ? ', with Redis' : ''}`,
  );
  if (broken) say(`wrong on purpose, ${broken}: ${breaks[broken]}`);
  const result = await run(options, say);
  const wrong = invariantNames.filter((name) => result.findings[name].violations.length > 0);
  for (const line of [...struckTable(result), ...endsLines(result)]) say(line);
  for (const name of invariantNames) {
    const { count, violations } = result.findings[name];
    say(
      `${violations.length > 0 ? `VIOLATED (${violations.length})` : 'holds'}: ${invariants[name]} (${count} looked at)`,
    );
    for (const violation of violations.slice(0, shown)) say(`  ${violation}`);
  }
  const holds = wrong.length === 0;
  if (!holds)
    say(
      `${wrong.length} of ${invariantNames.length} invariants do not hold. The same draws again: --seed ${seed}. Logs: ${result.folder}`,
    );
  else say(`All ${invariantNames.length} invariants hold.`);
  if (broken && holds) say(`Nothing notices ${broken}.`);
  return { ...result, holds };
}

/** How often each kind of fault has struck jobs in each stage. */
function struckTable({ struck, faults }: FaultRun): string[] {
  const widths = stages.map((stage) => stage.length + 2);
  const line = (name: string, cells: (string | number)[]) =>
    name.padEnd(22) + cells.map((cell, at) => String(cell).padStart(widths[at] ?? 8)).join('');
  return [
    'Faults by the stages of jobs in flight:',
    line('', [...stages, 'times']),
    ...faultKinds.map((kind) => line(kind, [...stages.map((stage) => struck[kind][stage]), faults[kind]])),
  ];
}

function endsLines({ ends, refusals, lost, exits }: FaultRun): string[] {
  const list = (counts: Record<string, number>) =>
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ');
  const total = Object.values(ends).reduce((sum, count) => sum + count, 0);
  return [
    `${total} jobs were answered with 2xx: ${list(ends)}; ${refusals.length} creations were given up, and ${lost.length} jobs not followed to their end`,
    ...[...new Set([...refusals, ...lost])].slice(0, shown).map((reason) => `  ${reason}`),
    `services that have ended by themselves: ${list(exits)}`,
  ];
}
