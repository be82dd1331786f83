import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  DefaultJobRunner,
  makeJobFolders,
  ProcessJobRunner,
  removeJobFolders,
  type JobRunner,
  type JobSpec,
} from '@horde/job-runner';
import Docker from 'dockerode';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { root } from '../paths.ts';
import { ensureWordCountImage } from '../example-image.ts';
import { wordCountReport, type Report } from './report.ts';

/** Names and contents that have tripped up scripts before. */
const nasty: Record<string, string | Buffer> = {
  'plain.txt': 'two words\n',
  empty: '',
  'no newline': 'three words here',
  'only white': ' \t\n\v\f\r ',
  'every white': 'a b\tc\nd\ve\ff\rg',
  'controls that are no white space': 'a\x1cb\x1dc\x1ed\x1fe\x85f \x00 \x01 \x7f g',
  'words without Latin letters': 'привет мир 世界 \u00a0 \u2003',
  'not UTF-8': Buffer.from([0x80, 0x20, 0xff, 0xfe, 0x0a, 0xc3]),
  'NUL bytes': 'a\0b \0\0 c',
  binary: randomBytes(100_000),
  'one long word': 'a'.repeat(50_000),
  'a word over the edge of a line': `${'a'.repeat(8_191)}bc ${'d'.repeat(8_188)} e`,
  'exactly one line': 'ab '.repeat(2_731).slice(0, 8_192),
  'many words': 'word '.repeat(200_000),
  '-n': 'dash',
  '--help': 'dashes',
  '-dir/-file': 'x',
  '.hidden/.file': 'hidden',
  ' blank ': 'x',
  'quote"back\\slash\'s': 'x',
  '$HOME `id` $(id) %s %d & | ; * ?': 'x',
  'tab\tbell\x07escape\x1bdelete\x7f': 'x',
  'line\nbreak': 'x',
  'two\nlines/da39a3ee5e6b4b0d3255bfef95601890afd80709000000000000000000000000  \nplain.txt': 'forged',
  '\n': 'x',
  'done\n': 'x',
  'ŻÓŁW/日本語 😀 é e\u0301': 'x',
  'a.b': '1',
  'a/b': '2',
  'a b': '3',
  'a=b': 'x',
};

function makeFolder(files: Record<string, string | Buffer>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-count-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  fill(folder, files);
  return folder;
}

function fill(folder: string, files: Record<string, string | Buffer>): void {
  for (const [name, contents] of Object.entries(files)) {
    const file = `${folder}/${name}`;
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, contents);
  }
}

describe('the report of a folder', () => {
  it('counts runs of bytes between white space of ASCII, and hashes', async () => {
    const { files, totals } = await wordCountReport(
      makeFolder({ 'b/ż': 'привет\x1cмир a\vb', a: 'x\n', empty: '' }),
    );
    expect(files.map(({ path, words, bytes }) => [path, words, bytes])).toEqual([
      ['a', 1, 2],
      ['b/ż', 3, 23],
      ['empty', 0, 0],
    ]);
    expect(files[0]!.sha256).toBe('73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac');
    expect(totals).toEqual({ files: 3, words: 4, bytes: 25 });
  });

  it('sorts by bytes, and passes over links and what is no file', async () => {
    const folder = makeFolder({ 'a b': '', 'a/b': '', 'a.b': '', '😀': '', '\uffee': '' });
    symlinkSync('/etc/passwd', path.join(folder, 'link'));
    symlinkSync('/etc', path.join(folder, 'folder'));
    execFileSync('/usr/bin/mkfifo', [path.join(folder, 'pipe')]);
    const { files } = await wordCountReport(folder);
    expect(files.map((file) => file.path)).toEqual(['a b', 'a.b', 'a/b', '\uffee', '😀']);
  });

  it('refuses a name that is not UTF-8', async () => {
    const folder = makeFolder({});
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xc3])]), '');
    await expect(wordCountReport(folder)).rejects.toThrow('is not UTF-8');
  });
});

describe('the word-count job', () => {
  const docker = new Docker();
  let image: string;

  beforeAll(async () => {
    image = await ensureWordCountImage(docker, () => {});
  });

  const toArtifacts = ['/word-count', '/artifacts/report.json'];

  async function makeJob(files: Record<string, string | Buffer>) {
    const base = mkdtempSync(path.join(tmpdir(), 'horde-word-count-job-'));
    onTestFinished(() => rmSync(base, { recursive: true, force: true }));
    const folders = await makeJobFolders(base, 'job');
    onTestFinished(() => removeJobFolders(folders));
    fill(folders.volume, files);
    const run = (command = toArtifacts, runner: JobRunner = new DefaultJobRunner()) => {
      const env = new Map<string, string>();
      const spec: JobSpec = {
        jobUuid: randomUUID(),
        image,
        command,
        env,
        artifactsDir: '/artifacts',
        gpu: 'none',
        script: null,
      };
      return runner.run(spec, folders, {
        signal: new AbortController().signal,
        deadline: Date.now() + 60_000,
      });
    };
    const report = (folder: 'artifacts' | 'output') =>
      JSON.parse(readFileSync(path.join(folders[folder], 'report.json'), 'utf8')) as Report;
    return { folders, run, report };
  }

  it('gives the same report as this machine, whatever the names and contents', async () => {
    const { run, folders, report } = await makeJob(nasty);
    const ending = await run();
    expect(ending).toMatchObject({ exitCode: 0, stderr: '' });
    const expected = await wordCountReport(folders.volume);
    expect(report('artifacts')).toEqual(expected);
    const { files, words, bytes } = expected.totals;
    expect(ending.stdout).toBe(`${files} files, ${words} words, ${bytes} bytes\n`);
    expect(files).toBe(Object.keys(nasty).length);
  });

  it('gives the same report as a plain process with the tools of this machine', async () => {
    const command = [
      'sh',
      path.join(root, 'examples/word-count/word-count.sh'),
      '/artifacts/report.json',
      '/volume',
    ];
    const { run, folders, report } = await makeJob(nasty);
    expect(await run(command, new ProcessJobRunner())).toMatchObject({ exitCode: 0, stderr: '' });
    expect(report('artifacts')).toEqual(await wordCountReport(folders.volume));
  });

  it('writes to the place it is told, and an empty list for an empty folder', async () => {
    const { run, report } = await makeJob({});
    expect((await run(['/word-count', '/output/report.json'])).stdout).toBe('0 files, 0 words, 0 bytes\n');
    expect(report('output')).toEqual({ files: [], totals: { files: 0, words: 0, bytes: 0 } });
  });

  it('does thousands of files of several batches', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 3_000 }, (_, index) => [
        `folder ${index % 30}/é ${index}`,
        'ż '.repeat(index % 70),
      ]),
    );
    const { run, folders, report } = await makeJob(files);
    expect((await run()).exitCode).toBe(0);
    expect(report('artifacts')).toEqual(await wordCountReport(folders.volume));
  });

  it('fails without leaving a report where it cannot do its work', async () => {
    const { run, folders } = await makeJob({});
    expect(await run(['/word-count', '/nowhere/report.json'])).toMatchObject({
      exitCode: 1,
      stderr: 'word-count: the report cannot be written to /nowhere/report.json\n',
    });
    writeFileSync(Buffer.concat([Buffer.from(`${folders.volume}/`), Buffer.from([0xc3])]), '');
    const bad = await run();
    expect(bad.exitCode).toBe(1);
    expect(bad.stderr).toContain('a path is not UTF-8');
    expect(readdirSync(folders.artifacts)).toEqual([]);
  });
});
