import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import { readArtifacts } from './artifacts.ts';

function makeFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-artifacts-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

describe('reading artifacts', () => {
  it('gives the files directly inside by their paths in the job, sorted, as base64', async () => {
    const folder = makeFolder();
    writeFileSync(path.join(folder, 'ż.txt'), 'z');
    writeFileSync(path.join(folder, 'a'), Buffer.from([0, 255]));
    writeFileSync(path.join(folder, 'empty'), '');
    mkdirSync(path.join(folder, 'folder'));
    writeFileSync(path.join(folder, 'folder/inside'), 'x');
    expect([...(await readArtifacts(folder, '/artifacts//'))]).toEqual([
      ['/artifacts/a', 'AP8='],
      ['/artifacts/empty', ''],
      ['/artifacts/ż.txt', 'eg=='],
    ]);
  });

  it('skips a file of 1 000 000 bytes, and takes one of a byte less', async () => {
    const folder = makeFolder();
    writeFileSync(path.join(folder, 'large'), Buffer.alloc(1_000_000));
    writeFileSync(path.join(folder, 'fits'), Buffer.alloc(999_999));
    expect([...(await readArtifacts(folder, '/a')).keys()]).toEqual(['/a/fits']);
  });

  it('stops at 20 000 000 bytes together', async () => {
    const folder = makeFolder();
    for (let index = 10; index < 35; index++) {
      writeFileSync(path.join(folder, `${index}`), '');
      truncateSync(path.join(folder, `${index}`), 999_000);
    }
    const artifacts = await readArtifacts(folder, '/a');
    expect(artifacts.size).toBe(20);
    expect(artifacts.has('/a/29')).toBe(true);
  });

  it('skips names that are not UTF-8', async () => {
    const folder = makeFolder();
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff])]), 'x');
    writeFileSync(path.join(folder, 'good'), 'x');
    expect([...(await readArtifacts(folder, '/a')).keys()]).toEqual(['/a/good']);
  });

  it('does not enter a folder that became a link', async () => {
    const folder = path.join(makeFolder(), 'artifacts');
    symlinkSync('/etc', folder);
    await expect(readArtifacts(folder, '/a')).rejects.toThrow(/ENOTDIR|ELOOP/);
  });
});
