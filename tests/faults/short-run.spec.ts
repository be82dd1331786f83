import { expect, it } from 'vitest';
import { report } from './suite/report.ts';

/** The seed, and how many faults strike. */
const [seed, faults] = (process.env['FAULTS'] ?? '716 4').split(' ').map(Number) as [number, number];

it(
  `all invariants hold after ${faults} faults, drawn from the seed ${seed}`,
  { timeout: 1_200_000 },
  async () => {
    const lines: string[] = [];
    const { holds } = await report(
      { seed, minutes: 20, faults, kinds: null, jobs: 4, runner: 'noop', executors: 'process', broken: null },
      (line) => lines.push(line),
    );
    expect(holds, lines.join('\n')).toBe(true);
  },
);
