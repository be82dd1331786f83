import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { withRunnerImage, writeRunnerImage } from './env-line.ts';

const [old, other] = ['r/miner-runner@sha256:aaaa', 'r/miner-runner@sha256:bbbbbb'];

describe('RUNNER_IMAGE of .env', () => {
  it.each<[what: string, before: string, after: string]>([
    ['among others', `A=1\nRUNNER_IMAGE=${old}\nB=2\n`, `A=1\nRUNNER_IMAGE=${other}\nB=2\n`],
    ['in quotes', `RUNNER_IMAGE="${old}"\n`, `RUNNER_IMAGE="${other}"\n`],
    ['in other quotes', `RUNNER_IMAGE='${old}' # mine\n`, `RUNNER_IMAGE='${other}' # mine\n`],
    [
      'on lines of Windows',
      `A=1\r\nRUNNER_IMAGE=${old}\r\nB=2\r\n`,
      `A=1\r\nRUNNER_IMAGE=${other}\r\nB=2\r\n`,
    ],
    ['with a comment', `RUNNER_IMAGE=${old} # as installed\n`, `RUNNER_IMAGE=${other} # as installed\n`],
    ['exported, with blanks', `  export RUNNER_IMAGE = ${old}`, `  export RUNNER_IMAGE = ${other}`],
    ['empty', 'RUNNER_IMAGE=\nB=2', `RUNNER_IMAGE=${other}\nB=2`],
    [
      'twice: the last one counts',
      `RUNNER_IMAGE=a\nRUNNER_IMAGE=${old}\n`,
      `RUNNER_IMAGE=a\nRUNNER_IMAGE=${other}\n`,
    ],
    [
      'beside bytes that are no text',
      `P=\xff\xfe\nRUNNER_IMAGE=${old}\nQ=\x00\n`,
      `P=\xff\xfe\nRUNNER_IMAGE=${other}\nQ=\x00\n`,
    ],
  ])('is replaced %s, and nothing else changes', (_what, before, after) => {
    expect(withRunnerImage(before, other)).toBe(after);
    expect(withRunnerImage(after, other)).toBe(after);
  });

  it.each(['', 'A=1\n', `# RUNNER_IMAGE=${old}\n`, `MY_RUNNER_IMAGE=${old}\n`])(
    'is not added where there is none: %j',
    (text) => expect(withRunnerImage(text, other)).toBeNull(),
  );

  it('is written into the file itself, which is mounted, whether it gets longer or shorter', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'runner-env-line-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = path.join(folder, '.env');
    await writeFile(file, `A=ä\nRUNNER_IMAGE=${old}\nZ=last\n`, { mode: 0o600 });
    const { ino } = await stat(file);
    for (const image of [other, 'sha256:cc', old]) {
      expect(await writeRunnerImage(file, image)).toBe(true);
      expect(await readFile(file, 'utf8')).toBe(`A=ä\nRUNNER_IMAGE=${image}\nZ=last\n`);
    }
    expect(await stat(file)).toMatchObject({ ino, mode: 0o100600 });
    await writeFile(file, 'A=1\n');
    expect(await writeRunnerImage(file, other)).toBe(false);
    expect(await readFile(file, 'utf8')).toBe('A=1\n');
  });
});
