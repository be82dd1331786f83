import { invariants, rules, type SimulationOptions } from './options.ts';
import { simulate } from './simulation.ts';

/** So many violations of one invariant are shown. */
const shown = 3;

/** Runs a simulation and says what came of it. @returns whether everything held */
export async function report(options: SimulationOptions, say: (line: string) => void): Promise<boolean> {
  const { miners, validators, full, blocks, seed, broken } = options;
  say(
    `${miners} miners, ${validators} validators (${full} with their rooms in Postgres, the others by the same rules in memory),`,
  );
  say(`${blocks} blocks, seed ${seed}; signatures are real, executors do nothing, miners answer in memory`);
  if (broken) say(`without the rule ${broken}: ${rules[broken]}`);
  const { findings, jobs, cheats, cycles, replaced, signatures, digest } = await simulate(options, say);
  say(
    `${jobs.accepted} jobs were accepted and ${jobs.declined} declined; ${jobs.reported} were reported as cheated`,
  );
  say(`${replaced} blocks were replaced; ${signatures} signatures were verified`);
  say(
    `put on pages beside good receipts: ${[...cheats].map(([cheat, count]) => `${cheat} ${count}`).join(', ')}`,
  );
  const paid = cycles.reduce((sum, cycle) => sum + cycle.paid.length, 0);
  say(`${paid} jobs are paid in ${cycles.length} cycles`);
  for (const invariant of invariants) {
    const violations = findings.of(invariant);
    const verdict = violations.length > 0 ? `VIOLATED (${violations.length})` : 'holds';
    say(`${verdict}: ${invariant} (${findings.count(invariant)} checks)`);
    for (const violation of violations.slice(0, shown)) say(`  ${violation}`);
  }
  say(`digest ${digest}`);
  const wrong = findings.broken.length;
  const all = `${invariants.length} invariants`;
  if (wrong > 0)
    say(`${wrong} of ${all} do not hold.${broken ? ` So it has to be without the rule ${broken}.` : ''}`);
  else
    say(broken ? `All ${all} hold: nothing notices that the rule ${broken} is missing.` : `All ${all} hold.`);
  return wrong === 0;
}
