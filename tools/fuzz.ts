/**
 * Feeds 100,000 mutated frames to the readers of each link, and fails when anything but a refusal comes out, a
 * thousand frames take more than five seconds, or memory grows. Options: --frames N, --seed N, --link NAME.
 */
import { rmSync } from 'node:fs';
import { fuzz, fuzzedLinks, problemsOf } from '../tests/fuzz/run.ts';
import { readArguments, refuseArguments } from './arguments.ts';
import { bundleScript } from './bundle-script.ts';

const { values } = readArguments('fuzz', {
  options: { frames: { type: 'string' }, seed: { type: 'string' }, link: { type: 'string' } },
});
if (values.link && !fuzzedLinks.some((name) => name === values.link))
  refuseArguments('fuzz', `There is no link ${JSON.stringify(values.link)}: ${fuzzedLinks.join(', ')}.`);
const frames = Number(values.frames ?? 100_000);
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
console.log(`${frames} frames for each link, seed ${seed}`);

const script = await bundleScript('tests/fuzz/child.ts');
let failed = false;
for (const link of fuzzedLinks.filter((name) => !values.link || name === values.link)) {
  const start = performance.now();
  try {
    const report = await fuzz(script, link, frames, seed);
    const problems = problemsOf(report);
    failed ||= problems.length > 0;
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    const { ms, characters, begins } = report.slowest;
    console.log(
      `${problems.length > 0 ? 'FAILED' : 'ok'}  ${link}: ${report.read} read, ${report.refused} refused in ${seconds} s; ` +
        `heap ${report.heapGrowth.toFixed(1)} MiB; slowest frame ${ms.toFixed(1)} ms, ${characters} characters: ${begins}`,
    );
    for (const problem of problems) console.log(`  ${problem}`);
  } catch (error) {
    failed = true;
    console.log(`FAILED  ${link}: ${(error as Error).message}`);
  }
}
rmSync(script, { force: true });
process.exit(failed ? 1 : 0);
