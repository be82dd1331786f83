import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folderVolume, saveArtifacts, saveResult, type HordeClientError } from '../index.ts';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'horde-folders-'))));
afterEach(() => rm(folder, { recursive: true }));

const thrown = (work: Promise<unknown>) => work.catch((error: unknown) => error as HordeClientError);
const archiveOf = async (source: string) => {
  const volume = await folderVolume(source);
  return Buffer.from('contents' in volume ? volume.contents : '', 'base64').toString('latin1');
};

describe('a folder as a volume', () => {
  beforeEach(async () => {
    await mkdir(path.join(folder, 'sub'));
    await writeFile(path.join(folder, 'sub/b.txt'), 'two');
    await writeFile(path.join(folder, 'a.txt'), 'one');
    await symlink('/etc/passwd', path.join(folder, 'link'));
    await symlink('/etc', path.join(folder, 'sub/linked'));
  });

  it('has its files with their paths, and not what links lead to', async () => {
    const archive = await archiveOf(folder);
    for (const name of ['a.txt', 'sub/b.txt']) expect(archive).toContain(name);
    expect(archive).not.toContain('link');
  });

  it('may be one file, which is found under its name', async () => {
    const archive = await archiveOf(path.join(folder, 'sub/b.txt'));
    expect([archive.includes('b.txt'), archive.includes('sub')]).toEqual([true, false]);
  });

  it.each([
    [{ maxFiles: 1 }, 'more than 1 files'],
    [{ maxBytes: 5 }, 'more than 5 bytes'],
    [{ maxPacked: 50 }, 'the most that travels in a request'],
  ])('is refused when it holds too much: %j', async (limits, sentence) => {
    expect(await thrown(folderVolume(folder, limits))).toMatchObject({
      code: 'FOLDER_TOO_LARGE',
      message: expect.stringContaining(sentence),
      hint: expect.stringContaining('ZIP archive'),
    });
  });

  it.each([
    ['empty', 'none', () => mkdir(path.join(folder, 'none')), 'holds no files'],
    ['not there', 'none', () => undefined, 'There is no '],
    ['a device, which may never end', '../../dev/zero', () => undefined, 'neither a file nor a folder'],
    ['in need of a name with a backslash', '.', () => writeFile(path.join(folder, 'a\\b'), ''), 'backslash'],
    // Node's own functions take no such name for a new file on every file system, a shell does.
    [
      'in need of a name that is no UTF-8',
      '.',
      () => execFileSync('sh', ['-c', `: >"$(printf '\\377')"`], { cwd: folder }),
      'not UTF-8',
    ],
  ])('is refused when it is %s', async (_what, name, make, sentence) => {
    await make();
    expect(await thrown(folderVolume(path.join(folder, name)))).toMatchObject({
      code: 'BAD_JOB_SPEC',
      message: expect.stringContaining(sentence),
    });
  });
});

describe('what a job has left', () => {
  let target: string;
  beforeEach(async () => {
    target = path.join(folder, 'out');
    await mkdir(target);
  });
  const below = (files: string[]) => files.map((file) => path.relative(target, file));
  const artifacts = (...names: string[]) => new Map(names.map((name) => [name, Buffer.from(name)]));
  const saved = (name: string) => readFile(path.join(target, name), 'utf8');

  it('is saved at its paths, and nothing of it outside of the folder', async () => {
    await mkdir(path.join(folder, 'elsewhere'));
    await symlink(path.join(folder, 'elsewhere'), path.join(target, 'linked'));
    await symlink(path.join(folder, 'file'), path.join(target, 'alias'));
    const evil = ['/../evil', '../evil', '/', 'a/../../evil', '/linked/x', '/linked/new/x', 'alias', 'a\0'];
    const result = { stdout: 'out', stderr: 'err', artifacts: artifacts('/artifacts/a', ...evil) };
    const { files, leftOut } = await saveResult(result, target);
    expect(below(files)).toEqual(['stdout', 'stderr', 'artifacts/a']);
    expect(leftOut).toEqual(evil);
    expect(await saved('artifacts/a')).toBe('/artifacts/a');
    for (const file of ['evil', 'file', 'elsewhere/x', 'elsewhere/new'])
      expect(await thrown(readFile(path.join(folder, file)))).toHaveProperty('code', 'ENOENT');
  });

  it('replaces what was there before, and never a part of itself: what is left out is told', async () => {
    await writeFile(path.join(target, 'a'), 'much longer than what comes');
    await mkdir(path.join(target, 'folder'));
    const names = [
      '/data/a',
      '/data//a',
      'a',
      '/data/a/b',
      '/data/folder',
      '/data/x/a',
      '/other/a',
      `/data/${'n'.repeat(300)}`,
    ];
    const { files, leftOut } = await saveArtifacts(artifacts(...names), target, '/data/');
    expect(below(files)).toEqual(['a', 'x/a', 'other/a']);
    expect(leftOut).toEqual([...names.slice(1, 5), names.at(-1)]);
    expect([await saved('a'), await saved('x/a')]).toEqual(['/data/a', '/data/x/a']);
  });

  it('and cannot be written is an error that says where', async () => {
    const file = path.join(target, 'file');
    await writeFile(file, '');
    expect(await thrown(saveArtifacts(artifacts('/artifacts/a'), path.join(file, 'b')))).toMatchObject({
      code: 'NOT_SAVED',
      message: `${path.join(file, 'b')} cannot be written: ENOTDIR.`,
    });
  });
});
