import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { makeJobFolders } from '../folders.ts';
import type { JobFolders } from '../runner.ts';
import { JobOutput } from './job-output.ts';
import { MOST_AT_ONCE, OutputFile } from './output-file.ts';

let folders: JobFolders;

beforeEach(async () => {
  const base = mkdtempSync(`${tmpdir()}/horde-output-`);
  onTestFinished(() => rmSync(base, { recursive: true }));
  folders = await makeJobFolders(base, 'output');
});

const stored = (stream: string) => readFileSync(`${folders.output}/${stream}.txt`);

describe("a job's output", () => {
  it('is stored whole, however much comes at once, and moved at the end', async () => {
    const output = await JobOutput.open(folders);
    const large = Buffer.alloc(20 * MOST_AT_ONCE + 7, 'abcdefg');
    await Promise.all([output.write('stdout', large), output.write('stderr', large)]);
    expect(existsSync(`${folders.output}/stdout.txt`)).toBe(false);
    await output.finish();
    await output.close();
    expect(stored('stdout').equals(large)).toBe(true);
    expect(stored('stderr').equals(large)).toBe(true);
  });

  it('is offered in the order in which it came, also between the streams', async () => {
    const offered: string[] = [];
    const output = await JobOutput.open(folders, {
      onOutput: (stream, chunk) => void offered.push(`${stream} ${chunk.toString()}`),
    });
    for (const [stream, text] of [
      ['stdout', 'a'],
      ['stdout', 'b'],
      ['stderr', 'c'],
      ['stdout', 'd'],
    ] as const) {
      output.add(stream, Buffer.from(text));
    }
    expect(output.flush()).toBeNull();
    expect(offered).toEqual(['stdout ab', 'stderr c', 'stdout d']);
    await output.finish();
    expect(stored('stdout').toString()).toBe('abd');
  });

  it('is cut where both streams together reach the limit, which is told of once more comes', async () => {
    const output = await JobOutput.open(folders, { maxBytes: 10 });
    let told = false;
    void output.overLimit.then(() => (told = true));
    await output.write('stdout', Buffer.from('12345'));
    await output.write('stderr', Buffer.from('abcde'));
    await Promise.resolve();
    expect(told).toBe(false);
    await output.write('stdout', Buffer.from('6'));
    expect(await output.overLimit).toContain('JOB_LOG_MAX_BYTES');
    await output.finish();
    expect(output.printed()).toEqual({ stdout: '12345', stderr: 'abcde' });
    expect(stored('stdout').toString()).toBe('12345');
  });
});

describe('a file of output that cannot be written', () => {
  it('is told of, and whoever waits for room is not left waiting', async () => {
    const full = openSync('/dev/full', 'w');
    const failed = Promise.withResolvers<Error>();
    const file = new OutputFile(full, () => {}, failed.resolve);
    const chunk = Buffer.alloc(MOST_AT_ONCE);
    while (!file.isFull) file.add(chunk, 0, chunk.length);
    file.flush();
    expect(await failed.promise).toMatchObject({ code: 'ENOSPC' });
    while (!file.isFull) file.add(chunk, 0, chunk.length);
    await expect(file.hasRoom()).rejects.toMatchObject({ code: 'ENOSPC' });
    await file.close();
    expect(() => closeSync(full)).toThrow('EBADF');
  });
});
