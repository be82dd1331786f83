import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import { makeJobFolders, removeJobFolders } from './folders.ts';

function makeBase(): string {
  const base = mkdtempSync(path.join(tmpdir(), 'horde-folders-'));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  return base;
}

describe("a job's folders", () => {
  it('are new each time, closed to other users outside and open inside', async () => {
    const base = path.join(makeBase(), 'made/on/the/way');
    const [one, two] = [await makeJobFolders(base, 'job/1'), await makeJobFolders(base, 'job/1')];
    expect(one.root).not.toBe(two.root);
    expect(path.dirname(one.root)).toBe(base);
    const mode = (folder: string) => statSync(folder).mode & 0o777;
    expect(mode(one.root)).toBe(0o700);
    expect([one.volume, one.output, one.artifacts].map(mode)).toEqual([0o777, 0o777, 0o777]);
  });

  it('are removed with all that is in them, however deep, and nothing that a link leads to', async () => {
    const base = makeBase();
    const precious = path.join(base, 'precious');
    writeFileSync(precious, '');
    const folders = await makeJobFolders(base, 'job');
    symlinkSync(base, path.join(folders.output, 'link'));
    // Far beyond the longest path that the system takes.
    const nest = 'i=0; while [ $i -lt 60 ]; do mkdir $0 && cd -P $0 || exit 1; i=$((i+1)); done';
    execFileSync('/bin/busybox', ['sh', '-c', nest, 'd'.repeat(200)], { cwd: folders.volume, stdio: 'pipe' });
    await removeJobFolders(folders);
    expect(existsSync(folders.root)).toBe(false);
    expect(readdirSync(base)).toEqual(['precious']);
    await removeJobFolders(folders);
  });
});
