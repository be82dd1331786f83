import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeJobFolders } from '../folders.ts';
import { Demultiplexer } from './demultiplex.ts';
import { JobOutput } from './job-output.ts';

function frame(stream: number, payload: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(payload), 4);
  return Buffer.concat([header, Buffer.from(payload)]);
}

describe("the engine's frames", () => {
  it.each([1, 2, 3, 7, 8, 9, 1000])('are put together from pieces of %i bytes', async (size) => {
    const base = mkdtempSync(`${tmpdir()}/horde-frames-`);
    onTestFinished(() => rmSync(base, { recursive: true }));
    const output = await JobOutput.open(await makeJobFolders(base, 'frames'));
    const all = Buffer.concat([
      frame(1, 'one '),
      frame(2, 'err'),
      frame(1, ''),
      frame(0, 'in'),
      frame(1, 'two'),
    ]);
    const splitter = new Demultiplexer(output);
    for (let at = 0; at < all.length; at += size) await splitter.push(all.subarray(at, at + size));
    await output.finish();
    expect(output.printed()).toEqual({ stdout: 'one two', stderr: 'err' });
  });
});
