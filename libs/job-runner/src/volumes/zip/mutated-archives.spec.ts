import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { JobFailure } from '../../failures.ts';
import { zipCases } from '../../testing/zip-cases.ts';
import { Budget } from '../budget.ts';
import { VolumeWriter } from '../volume-writer.ts';
import { extractZip } from './extract-zip.ts';

const maxBytes = 100_000;
const runs = Number(process.env['ZIP_FUZZ_RUNS'] ?? 500);

/** Numbers that readers trip over, in the sizes in which they stand in archives. */
const number = fc.constantFrom(0, 1, 0x7f, 0xff, 0xffff, 0x7fffffff, 0xfffffffe, 0xffffffff);
const edit = fc.oneof(
  fc.record({ at: fc.nat(), byte: fc.nat(255) }),
  fc.record({ at: fc.nat(), number, size: fc.constantFrom(2, 4) }),
  fc.record({ at: fc.nat(), cut: fc.nat(60) }),
  fc.record({ at: fc.nat(), repeat: fc.nat(60) }),
);
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

function edited(archive: Buffer, edit: Edit): Buffer {
  const at = archive.length === 0 ? 0 : edit.at % archive.length;
  const [before, behind] = [archive.subarray(0, at), archive.subarray(at)];
  if ('cut' in edit) return Buffer.concat([before, behind.subarray(edit.cut)]);
  if ('repeat' in edit) return Buffer.concat([before, behind.subarray(0, edit.repeat), behind]);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE('number' in edit ? edit.number : edit.byte);
  const size = 'size' in edit ? edit.size : 1;
  return Buffer.concat([before, bytes.subarray(0, size), behind.subarray(size)]);
}

it(
  'an archive with any bytes of it changed is unpacked inside or refused with a sentence',
  { timeout: 300_000 },
  async () => {
    const archives = zipCases.map(({ archive }) => archive).filter(({ length }) => length < 10_000);
    const property = fc.asyncProperty(
      fc.constantFrom(...archives),
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      async (archive, edits) => {
        const root = mkdtempSync(path.join(tmpdir(), 'horde-mutated-'));
        try {
          const folder = path.join(root, 'volume');
          mkdirSync(folder);
          const budget = new Budget('It', { maxBytes, maxEntries: 200, maxRatio: 100, freeBytes: maxBytes });
          const { signal } = new AbortController();
          await extractZip(edits.reduce(edited, archive), new VolumeWriter(folder), [], budget, signal).catch(
            (error: unknown) => {
              if (!(error instanceof JobFailure)) throw error;
              expect(error.reason).toBe('download_failed');
            },
          );
          expect(readdirSync(root)).toEqual(['volume']);
          const stats = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) =>
            lstatSync(path.join(folder, name)),
          );
          expect(stats.every((stat) => stat.isFile() || stat.isDirectory())).toBe(true);
          const written = stats.reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
          expect(written).toBeLessThanOrEqual(maxBytes);
        } finally {
          rmSync(root, { recursive: true });
        }
      },
    );
    await fc.assert(property, { numRuns: runs });
  },
);
