import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
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
    const { artifacts } = await readArtifacts(folder, '/artifacts//');
    expect([...artifacts]).toEqual([
      ['/artifacts/a', 'AP8='],
      ['/artifacts/empty', ''],
      ['/artifacts/ż.txt', 'eg=='],
    ]);
  });

  it('skips a file of 1 000 000 bytes, and takes one of a byte less', async () => {
    const folder = makeFolder();
    writeFileSync(path.join(folder, 'large'), Buffer.alloc(1_000_000));
    writeFileSync(path.join(folder, 'fits'), Buffer.alloc(999_999));
    const { artifacts, skipped } = await readArtifacts(folder, '/a');
    expect([...artifacts.keys()]).toEqual(['/a/fits']);
    expect(skipped).toBe('1 artifact was left out: "large" (1 MB) is not under 1 MB.');
  });

  it('stops at 20 000 000 bytes together', async () => {
    const folder = makeFolder();
    for (let index = 10; index < 35; index++) {
      writeFileSync(path.join(folder, `${index}`), '');
      truncateSync(path.join(folder, `${index}`), 999_000);
    }
    const { artifacts, skipped } = await readArtifacts(folder, '/a');
    expect(artifacts.size).toBe(20);
    expect(artifacts.has('/a/29')).toBe(true);
    expect(skipped).toMatch(
      /^5 artifacts were left out: "30" \(1 MB\) did not fit into the 20 MB of all together; /,
    );
  });

  it('does not read what has no room any more', async () => {
    const folder = makeFolder();
    for (let index = 0; index < 200; index++) {
      const file = path.join(folder, `${index}`);
      writeFileSync(file, '');
      truncateSync(file, 999_999);
    }
    const readSoFar = () => Number(/rchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))![1]);
    const before = readSoFar();
    const { artifacts, skipped } = await readArtifacts(folder, '/a');
    expect(readSoFar() - before).toBeLessThan(30_000_000);
    expect(artifacts.size).toBe(19);
    expect(skipped).toMatch(/^181 artifacts were left out: .*; 176 more did not fit into the 20 MB/);
  });

  it('ends with the reason of an abort', async () => {
    const folder = makeFolder();
    writeFileSync(path.join(folder, 'a'), '');
    const aborted = readArtifacts(folder, '/a', AbortSignal.abort(new Error('the job is over')));
    await expect(aborted).rejects.toThrow('the job is over');
  });

  it('skips names that are not UTF-8', async () => {
    const folder = makeFolder();
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff])]), 'x');
    writeFileSync(path.join(folder, 'good'), 'x');
    const { artifacts, skipped } = await readArtifacts(folder, '/a');
    expect([...artifacts.keys()]).toEqual(['/a/good']);
    expect(skipped).toBe('1 artifact was left out: "\ufffd" has a name that is not UTF-8.');
  });

  it('says nothing where nothing was left out', async () => {
    const folder = makeFolder();
    expect(await readArtifacts(folder, '/a')).toEqual({ artifacts: new Map(), skipped: null });
    writeFileSync(path.join(folder, 'small'), 'x');
    expect((await readArtifacts(folder, '/a')).skipped).toBeNull();
  });

  it('reads no link, FIFO, device, folder or sparse file, and says so', async () => {
    const folder = makeFolder();
    symlinkSync('/etc/hostname', path.join(folder, 'a-link'));
    execFileSync('/usr/bin/mkfifo', [path.join(folder, 'b-pipe')]);
    if (process.getuid!() === 0) execFileSync('/usr/bin/mknod', [path.join(folder, 'c-zero'), 'c', '1', '5']);
    else execFileSync('/usr/bin/mkfifo', [path.join(folder, 'c-zero')]);
    mkdirSync(path.join(folder, 'd-folder'));
    writeFileSync(path.join(folder, 'e-sparse'), '');
    truncateSync(path.join(folder, 'e-sparse'), 3e12);
    const { artifacts, skipped } = await readArtifacts(folder, '/a');
    expect([...artifacts]).toEqual([]);
    expect(skipped).toBe(
      '5 artifacts were left out: "a-link" is a symbolic link; "b-pipe" is not a regular file; ' +
        '"c-zero" is not a regular file; "d-folder" is a folder; "e-sparse" (3000 GB) is not under 1 MB.',
    );
  });

  it('does not even open a FIFO, which would wake who waits at its other end', async () => {
    const folder = makeFolder();
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const writer = spawn('sh', ['-c', 'echo ready; exec 3> "$0"', pipe]);
    const exited = once(writer, 'exit');
    await once(writer.stdout, 'data');
    expect((await readArtifacts(folder, '/a')).skipped).toContain('is not a regular file');
    writer.kill();
    expect(await exited).toEqual([null, 'SIGTERM']);
  });

  it('names five that were left out, and counts the others by their reason', async () => {
    const folder = makeFolder();
    for (let index = 10; index < 20; index++) mkdirSync(path.join(folder, `${index}`));
    writeFileSync(path.join(folder, '21'), Buffer.alloc(2_100_000));
    expect((await readArtifacts(folder, '/a')).skipped).toBe(
      '11 artifacts were left out: "10" is a folder; "11" is a folder; "12" is a folder; "13" is a folder; ' +
        '"14" is a folder; 1 more is not under 1 MB; 5 more are folders.',
    );
  });

  it('looks at 10 000 entries, and says that there are more', async () => {
    const folder = makeFolder();
    for (let index = 0; index <= 10_000; index++) writeFileSync(path.join(folder, `${index}`), '');
    const { artifacts, skipped } = await readArtifacts(folder, '/a');
    expect(artifacts.size).toBe(10_000);
    expect(skipped).toBe('Of the artifacts only 10000 were looked at: there are more.');
  }, 60_000);

  it('does not enter a folder that became a link, and says that one is gone', async () => {
    const folder = path.join(makeFolder(), 'artifacts');
    expect(await readArtifacts(folder, '/a')).toEqual({
      artifacts: new Map(),
      skipped: 'The artifacts folder could not be read: it does not exist.',
    });
    symlinkSync('/etc', folder);
    const { artifacts, skipped } = await readArtifacts(folder, '/a');
    expect(artifacts.size).toBe(0);
    expect(skipped).toMatch(/^The artifacts folder could not be read: /);
  });
});
