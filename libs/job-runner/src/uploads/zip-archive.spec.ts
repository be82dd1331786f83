import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import yauzl from 'yauzl';
import type { OutputFile } from './output-file.ts';
import { ZipArchive } from './zip-archive.ts';

const file = (name: string, size: number) =>
  // Without its contents: an archive of gigabytes is all headers here, with holes between.
  ({
    path: name,
    size,
    stat: { mode: 0o100644, mtime: new Date() },
    async *read() {},
  }) as unknown as OutputFile;

describe('an archive of more than 4 GiB', () => {
  it('has sizes and offsets that do not fit the old fields in those of Zip64', async () => {
    const sizes = [5, 0xffff_fffe, 0xffff_ffff, 5 * 2 ** 30, 7];
    const archive = new ZipArchive(sizes.map((size, index) => file(`${index}`, size)));
    const pieces: Buffer[] = [];
    for await (const piece of archive.read()) pieces.push(piece);

    const folder = mkdtempSync(path.join(tmpdir(), 'horde-zip-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const target = path.join(folder, 'large.zip');
    const handle = await open(target, 'w');
    let at = 0;
    for (const [index, piece] of pieces.entries()) {
      await handle.write(piece, 0, piece.length, at);
      at += piece.length + (sizes[index] ?? 0);
    }
    await handle.close();
    expect(at).toBe(archive.size);

    const zip = await yauzl.openPromise(target, { lazyEntries: true });
    const found: [string, number, number][] = [];
    for await (const entry of zip.eachEntry()) {
      const header = await zip.readLocalFileHeaderPromise(entry);
      found.push([header.fileName.toString(), entry.uncompressedSize, entry.compressedSize]);
    }
    expect(found).toEqual(sizes.map((size, index) => [`${index}`, size, size]));
  });
});
