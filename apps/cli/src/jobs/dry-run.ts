import type { DryRun } from '@horde/sdk';
import { print } from '../program/print.ts';
import { row } from '../row.ts';
import { table } from '../terminal/table.ts';
import { plain, shortHotkey, span } from '../terminal/words.ts';

/** Says whether a job could run now. @returns 0 when it could, 1 when not */
export function showDryRun(dryRun: DryRun, json: boolean): number {
  const { couldRun, reason, sentence, reserves, candidates, counts, expectedWait } = dryRun;
  if (json) {
    const { executorClass, seconds } = reserves;
    print(
      JSON.stringify({
        could_run: couldRun,
        reason,
        sentence,
        reserves: { executor_class: executorClass, seconds },
        candidates: candidates.map(({ minerHotkey, reason }) => ({ miner_hotkey: minerHotkey, reason })),
        counts,
        expected_wait_seconds: expectedWait,
      }),
    );
    return couldRun ? 0 : 1;
  }
  print(`It could${couldRun ? '' : ' not'} run now. ${plain(sentence)}`.trim());
  print(row('takes', `${span(reserves.seconds * 1000)} of an executor of ${plain(reserves.executorClass)}`));
  if (!couldRun && expectedWait !== null) print(row('wait', `about ${span(expectedWait * 1000)}`));
  for (const [why, count] of Object.entries(counts)) print(row(plain(why), `${count} of the miners`));
  const rows = candidates.map(({ minerHotkey, reason }) => [
    shortHotkey(plain(minerHotkey)),
    plain(reason ?? 'could run it'),
  ]);
  if (rows.length > 0) table([['MINER', 'NOW'], ...rows]).forEach(print);
  return couldRun ? 0 : 1;
}
