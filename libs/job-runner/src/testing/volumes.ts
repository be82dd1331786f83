import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Volume } from '@horde/protocol';
import { downloadVolume, type DownloadVolumeOptions } from '../volumes/download-volume.ts';

function makeVolumeFolder(): string {
  const root = mkdtempSync(path.join(tmpdir(), 'horde-volume-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const folder = path.join(root, 'volume');
  mkdirSync(folder);
  return folder;
}

/** Fills a fresh volume folder, which is gone after the test; `done` settles as the download did. */
export async function fill(volume: Volume | null, options: Partial<DownloadVolumeOptions> = {}) {
  const folder = makeVolumeFolder();
  const signal = new AbortController().signal;
  const all = { maxBytes: 10_000_000, signal, allowPrivateAddresses: true, retryDelays: [1, 1], ...options };
  const done = downloadVolume(volume, folder, all);
  await done.catch(() => {});
  // Nothing is ever left beside the volume.
  expect(readdirSync(path.dirname(folder))).toEqual(['volume']);
  const read = (name: string) => readFileSync(path.join(folder, name), 'utf8');
  return { folder, done, read };
}

export const inline = (archive: Buffer, relative_path: string | null = null): Volume => ({
  volume_type: 'inline',
  contents: archive.toString('base64'),
  relative_path,
});
export const zipUrl = (contents: string, relative_path: string | null = null): Volume => ({
  volume_type: 'zip_url',
  contents,
  relative_path,
});
export const single = (url: string, relative_path = 'file'): Volume => ({
  volume_type: 'single_file',
  url,
  relative_path,
});

/** The failure of a download with this code and message. */
export const failing = (code: string, message: string | RegExp = /./) =>
  expect.objectContaining({
    code,
    reason: 'download_failed',
    stage: 'volume_download',
    message: expect.stringMatching(message),
  });
