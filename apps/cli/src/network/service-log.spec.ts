import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { largestLog, openServiceLog } from './service-log.ts';

it('a service goes on in its log, and begins a new one where that has become too large', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'horde-service-log-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'miner.log');
  const say = async (text: string) => {
    const log = await openServiceLog(file);
    await log.write(text);
    await log.close();
  };
  await say('first\n');
  await say('second\n');
  expect(await readFile(file, 'utf8')).toBe('first\nsecond\n');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await writeFile(`${file}.1`, 'older');
  await truncate(file, largestLog + 1);
  await say('third\n');
  expect(await readFile(file, 'utf8')).toBe('third\n');
  expect((await stat(`${file}.1`)).size).toBe(largestLog + 1);
});
