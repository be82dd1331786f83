import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { MemoryDisk } from './suite/memory-disk.ts';

const block = 4096;

it.for([
  ['empty', 0],
  ['in use', 3],
] as const)('a disk that was %s when it was filled has its room again', async ([, blocks], { skip }) => {
  const folder = await mkdtemp(join(tmpdir(), 'memory-disk-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const disk = MemoryDisk.mount(folder, 64 * block);
  if (!disk) return skip();
  onTestFinished(() => disk.remove(false));
  await writeFile(join(folder, 'there'), Buffer.alloc(blocks * block));

  await disk.fill();
  const more = () => writeFile(join(folder, 'more'), Buffer.alloc(2 * block));
  await expect(more()).rejects.toThrow('ENOSPC');

  disk.empty();
  await more();
});
