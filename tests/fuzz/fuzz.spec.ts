import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bundleScript } from '../../tools/bundle-script.ts';
import { fuzz, fuzzedLinks, problemsOf } from './run.ts';

const frames = 5_000;
const seed = 1;
let script: string;

beforeAll(async () => void (script = await bundleScript('tests/fuzz/child.ts')));
afterAll(() => rmSync(script, { force: true }));

describe(`${frames} frames with something wrong in them (seed ${seed})`, () => {
  it.each(fuzzedLinks)('are read or refused with a sentence: %s', async (link) => {
    const report = await fuzz(script, link, frames, seed);
    expect(problemsOf(report)).toEqual([]);
    // Both happen often: otherwise the mutations would be too tame or too wild to tell anything.
    expect(report.read).toBeGreaterThan(frames / 50);
    expect(report.refused).toBeGreaterThan(frames / 4);
  });
});

describe('the fuzzer notices', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-fuzz-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const scripted = (name: string, code: string): string => {
    const file = path.join(folder, name);
    writeFileSync(file, code);
    return file;
  };

  it('a frame that is read for ever', async () => {
    const hanging = scripted('hangs.mjs', `process.stdout.write('{"frames":1000}\\n', () => { for (;;); });`);
    await expect(fuzz(hanging, 'receipts', 2_000, 7, 300)).rejects.toThrow(
      'A frame after the first 1000 hangs (link receipts, seed 7).',
    );
  });

  it('a process that dies', async () => {
    const dying = scripted('dies.mjs', 'process.exit(3);');
    await expect(fuzz(dying, 'receipts', 2_000, 7)).rejects.toThrow('ended with 3 after 0 frames');
  });

  it('anything but a refusal, and memory that grows', () => {
    const report = { read: 1, refused: 1, slowest: { ms: 1, characters: 1, begins: '' } };
    const crashes = [{ text: '{}', error: 'TypeError: x' }];
    expect(problemsOf({ ...report, crashes, heapGrowth: 100 })).toEqual([
      'It threw TypeError: x\n  on the frame {}',
      'The heap grew by 100.0 MiB.',
    ]);
  });
});
