import { spawnSync } from 'node:child_process';
import { missingPrograms } from '@horde/testing/missing';

/** Why there is no Python 3 to compare with; null where there is one. */
export const missingPython = missingPrograms('python3');

/** Runs a Python program with `input` as JSON on its standard input, and reads its output as JSON. */
export function python(program: string, input: unknown): unknown {
  const { stdout, stderr, status } = spawnSync('python3', ['-X', 'utf8', '-c', program], {
    input: JSON.stringify(input),
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`Python failed: ${stderr.toString()}`);
  return JSON.parse(stdout.toString());
}
