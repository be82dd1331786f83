import { existsSync, readFileSync } from 'node:fs';
import type { Way } from './fault.ts';
import { findTests } from './find-tests.ts';

/** Why what keeps a fault away does not; null: it does, as far as the test that it names is there and is run. */
export function problemOf(way: Way): string | null {
  if (!('spec' in way)) return null;
  const { spec, test } = way;
  if (!existsSync(spec)) return `There is no ${spec}.`;
  const named = findTests(readFileSync(spec, 'utf8')).filter(
    ({ name }) => name === test || name.endsWith(` > ${test}`),
  );
  if (named.length === 0) return `${spec} has no test "${test}".`;
  if (named.length > 1) return `${spec} has ${named.length} tests "${test}".`;
  return named[0]!.isSkipped ? `The test "${test}" of ${spec} is not run.` : null;
}
