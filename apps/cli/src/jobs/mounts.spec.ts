import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { UsageError } from '../usage-error.ts';
import { readMount, readUpload, volumesOf } from './mounts.ts';

it.each([
  ['docs', 'docs', '/volume'],
  ['docs:/volume', 'docs', '/volume'],
  ['./a:b:/volume/x/', './a:b', '/volume/x'],
  ['https://host:8080/m.zip:/volume/model', 'https://host:8080/m.zip', '/volume/model'],
  ['https://host:8080/m.zip', 'https://host:8080/m.zip', '/volume'],
  ['hf://owner/name@main:/volume/m', 'hf://owner/name@main', '/volume/m'],
  ['C:\\x', 'C:\\x', '/volume'],
])('--volume %s is %s at %s', (text, source, target) => {
  expect(readMount(text)).toEqual({ source, target });
});

it.each(['docs:/data', 'docs:/volumes', 'https://host/x:/etc'])('--volume %s is refused', (text) => {
  expect(() => readMount(text)).toThrow('/volume or a path below it');
});

it('an upload is a path below /output and a URL, which may have "=" in it', () => {
  const url = 'https://host/put?signature=a=';
  expect(readUpload(`model.bin=${url}`)).toEqual({ path: '/output/model.bin', url });
  expect(readUpload(`/output/a/b=${url}`)).toEqual({ path: '/output/a/b', url });
  for (const wrong of ['model.bin', `=${url}`, 'a=ftp://host/x'])
    expect(() => readUpload(wrong)).toThrow(UsageError);
});

it('what a source is decides how it travels, and where it is found', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'horde-mounts-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(path.join(folder, 'a.txt'), 'a');
  const volumes = await volumesOf([
    { source: folder, target: '/volume/folder' },
    { source: path.join(folder, 'a.txt'), target: '/volume/file' },
    { source: 'https://host/x/model.zip?token=1', target: '/volume/zip' },
    { source: 'https://host/x/data.csv', target: '/volume' },
    { source: 'https://host/x/data.csv', target: '/volume/renamed.csv' },
    { source: 'hf://owner/name@v1', target: '/volume/hf' },
  ]);
  expect([...volumes].map(([at, { volume_type: type }]) => [at, type])).toEqual([
    ['/volume/folder/', 'inline'],
    ['/volume/file/', 'inline'],
    ['/volume/zip/', 'zip_url'],
    ['/volume/data.csv', 'single_file'],
    ['/volume/renamed.csv', 'single_file'],
    ['/volume/hf/', 'huggingface_volume'],
  ]);
});

it.each([
  [
    'a folder that is not there',
    [{ source: '/nowhere/at/all', target: '/volume' }],
    'no file or folder "/nowhere/at/all"',
  ],
  [
    'two sources for one place',
    [
      { source: 'https://host/a.zip', target: '/volume' },
      { source: 'https://host/b.zip', target: '/volume' },
    ],
    'Two volumes are to be at /volume/',
  ],
  ['another scheme', [{ source: 's3://bucket/x', target: '/volume' }], 'begins with https://'],
])('%s is refused, with what to do', async (_name, mounts, sentence) => {
  await expect(volumesOf(mounts)).rejects.toThrow(sentence);
});

it('local files that no request can carry are refused, with what to do', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'horde-mounts-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const noise = Buffer.alloc(2_000_000);
  crypto.getRandomValues(noise.subarray(0, 65_536));
  for (let at = 65_536; at < noise.length; at += 65_536)
    crypto.getRandomValues(noise.subarray(at, at + 65_536));
  await writeFile(path.join(folder, 'noise'), noise);
  await expect(volumesOf([{ source: folder, target: '/volume' }])).rejects.toThrow(
    'the most that travels in a request',
  );
});
