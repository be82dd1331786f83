import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  executorRequestNumbers,
  extensions,
  extensionsHeader,
  readDurableLine,
  validatorMessageNumbers,
  validatorMinerExtensions,
  writeDurableLine,
} from '../index.ts';

const document = readFileSync(new URL('../../../../docs/extensions.md', import.meta.url), 'utf8');

describe('docs/extensions.md', () => {
  it('describes every extension, and no other', () => {
    const described = [...document.matchAll(/^## `([\w-]+)`/gm)].map(([, name]) => name);
    expect(described).toEqual(extensions);
    expect(document).toContain(`${extensionsHeader}: ${validatorMinerExtensions.join(', ')}`);
  });

  it.each([
    ['Validator and miner', validatorMessageNumbers],
    ['Miner and executor', executorRequestNumbers],
  ])('has the numbers of "%s"', (heading, numbers) => {
    const section = document.split(`### ${heading}\n`)[1]!.split(/^##/m, 1)[0]!;
    const rows = [...section.matchAll(/^\| +(\d+) \| `(\w+)`/gm)].map(([, number, type]) => [
      type,
      Number(number),
    ]);
    expect(Object.fromEntries(rows)).toEqual(numbers);
  });

  it('shows the frames of durable-1 as they are', () => {
    for (const word of ['message', 'ack', 'resume'] as const) {
      expect(document).toContain(`["${word}",JOB,NUMBER]`);
      const line = writeDurableLine(word, 'a-job_1', 7);
      expect(line).toBe(`["${word}","a-job_1",7]`);
      expect(readDurableLine(line)).toEqual({ word, job: 'a-job_1', number: 7 });
    }
  });
});
