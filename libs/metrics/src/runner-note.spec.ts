import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Health } from '@horde/operations';
import { expect, it, onTestFinished } from 'vitest';
import { readRunnerNote } from './runner-note.ts';

it('what the runner notes of an update needs a look for as long as it is there, and makes nothing unready', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'runner-note-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'note');
  const health = new Health();
  health.tell('runner', () => readRunnerNote(file));
  expect(await health.report()).toMatchObject({ attention: { runner: false } });
  const note = 'Release 1.2.0, number 7, was taken back.';
  await writeFile(file, `${note}\n`);
  expect(await health.report()).toMatchObject({
    ready: true,
    attention: { runner: true },
    checks: { runner: note },
  });
  await writeFile(file, '');
  expect(await health.report()).toMatchObject({ attention: { runner: false } });
});
