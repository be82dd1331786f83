import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { PartTurns } from '../../tools/part-turns.ts';
import type { TestPart } from '../../tools/test-parts.ts';

const parts: TestPart[] = [
  { name: 'frames', runs: ['tools/fuzz.ts'] },
  { name: 'all-images', runs: ['tools/image.ts', 'all'], makesImages: true },
  { name: 'compose', runs: ['a.spec.ts'], makesImages: true },
  { name: 'install', runs: ['b.spec.ts'], needsImages: true },
];

/** @returns what was run: `>` where it began, `<` where it ended */
async function run(turns: PartTurns, failing: string[]): Promise<{ passed: boolean; seen: string }> {
  const seen: string[] = [];
  const passed = await turns.takeAll(parts, async ({ name }) => {
    seen.push(`>${name}`);
    await new Promise(setImmediate);
    seen.push(`<${name}`);
    return !failing.includes(name);
  });
  return { passed, seen: seen.join(' ') };
}

function newFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'turns-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

it('a run of all parts that goes on runs what has failed, and nothing that has passed', async () => {
  const folder = newFolder();
  const first = await run(new PartTurns(folder, true), ['frames', 'compose']);
  expect(first.passed).toBe(false);

  const second = new PartTurns(folder, true);
  expect(await run(second, ['compose'])).toMatchObject({ passed: false });
  expect(second.sums).toEqual([
    'all-images: passed before',
    'frames: passed in 0 s',
    'install: passed before',
    'compose: FAILED in 0 s',
  ]);

  const third = new PartTurns(folder, true);
  expect(await run(third, [])).toEqual({ passed: true, seen: '>compose <compose' });
});

it('parts that make images run one after the other beside the rest, and what needs images waits for them', async () => {
  const { seen } = await run(new PartTurns(newFolder(), true), []);
  const before = (one: string, other: string) => expect(seen.indexOf(one)).toBeLessThan(seen.indexOf(other));
  before('>frames', '<all-images');
  before('<all-images', '>compose');
  before('<all-images', '>install');
});

it('a run of everyday size remembers nothing', async () => {
  const folder = newFolder();
  const turns = new PartTurns(folder, false);
  expect(await turns.take('all', async () => true)).toBe(true);
  expect(await turns.take('all', async () => false)).toBe(false);
  expect(turns.sums).toEqual([]);
});
