import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { makeJobFolders, removeJobFolders } from '../folders.ts';
import type { JobFolders } from '../runner.ts';
import { JobOutput } from './job-output.ts';
import { maxAtOnce, OutputFile } from './output-file.ts';

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
    const large = Buffer.alloc(20 * maxAtOnce + 7, 'abcdefg');
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

  it('is the failure of a job that ended before it could be killed for it', async () => {
    const output = await JobOutput.open(folders, { maxBytes: 4 });
    await output.write('stdout', Buffer.from('12345'));
    await output.finish();
    const exited = { exitCode: 0, timedOut: false, limit: null, containerId: null, imageId: null };
    expect(output.ending(exited)).toMatchObject({
      exitCode: 137,
      limit: expect.stringContaining('JOB_LOG_MAX_BYTES') as string,
      stdout: '1234',
    });
    expect(output.ending({ ...exited, exitCode: null, timedOut: true })).toMatchObject({ limit: null });
  });

  it('takes the place of a folder that is nested deeper than any path reaches', async () => {
    const output = await JobOutput.open(folders);
    await output.write('stderr', Buffer.from('careful\n'));
    const nest = `const { mkdirSync } = require('fs'); const down = (name) => (mkdirSync(name), process.chdir(name));
      down('stderr.txt'); for (let i = 0; i < 30; i++) down('d'.repeat(200));`;
    execFileSync(process.execPath, ['-e', nest], { cwd: folders.output });
    await output.finish();
    expect(stored('stderr').toString()).toBe('careful\n');
    await removeJobFolders(folders);
  });

  it('ends the job where the disk is full, and all that comes then is dropped', async () => {
    symlinkSync('/dev/full', path.join(folders.root, 'stdout.txt'));
    const output = await JobOutput.open(folders);
    await output.write('stdout', Buffer.alloc(2_000_000));
    expect(await output.overLimit).toBe(
      "What the job printed could not be stored, as the disk of the executor's machine is full, and the job was killed.",
    );
    await output.write('stdout', Buffer.alloc(2_000_000));
    await output.finish();
  });
});

describe('a file of output that cannot be written', () => {
  it('is told of, and nobody waits for room in it any more', async () => {
    const full = openSync('/dev/full', 'w');
    const failed = Promise.withResolvers<Error>();
    const file = new OutputFile(full, () => {}, failed.resolve);
    const chunk = Buffer.alloc(maxAtOnce);
    const fill = () => {
      for (let pieces = 0; pieces < 10 && !file.isFull; pieces++) file.add(chunk, 0, chunk.length);
    };
    fill();
    file.flush();
    fill();
    const waiting = file.hasRoom();
    expect(await failed.promise).toMatchObject({ code: 'ENOSPC' });
    await waiting;
    fill();
    expect(file.isFull).toBe(false);
    await file.close();
    // What is opened meanwhile in this process may have its number already.
    expect(await readlink(`/proc/self/fd/${full}`).catch(() => 'closed')).not.toBe('/dev/full');
  });
});
