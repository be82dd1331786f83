import { randomUUID } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';

import type { SingleVolume, Volume } from '@horde/protocol';

import { failures } from '../failures.ts';
import { guardedHttp, type HttpSend } from '../http/client.ts';
import { download, sourceOf, type DownloadOptions } from './download.ts';
import { extractZip, openZip } from './extract-zip.ts';
import { pathBelow } from './relative-path.ts';
import { Budget, VolumeWriter } from './volume-writer.ts';

const MAX_ENTRIES = 100_000;

export interface DownloadVolumeOptions {
  /**
   * The most that each part of a volume may hold, in bytes, as downloaded and again as unpacked
   * (ComputeHorde's VOLUME_MAX_SIZE_BYTES); 0 or less: no limit.
   */
  maxBytes: number;
  /** The most files and folders of each part. @default 100 000 */
  maxEntries?: number;
  signal: AbortSignal;
  /** Whether URLs may lead to addresses outside the public internet. */
  allowPrivateAddresses: boolean;
  /** @default HTTP under the rule above */
  send?: HttpSend;
  /** Milliseconds before the second and the third try. @default 1000 and 4000, ComputeHorde's */
  retryDelays?: number[];
}

/**
 * Fills a job's volume folder with what the job asks for; without a volume it stays as it is. Parts of a multi-volume
 * come one after the other, later ones replacing files of earlier ones. All files and folders are open to every user.
 *
 * @throws JobFailure download_failed, with a sentence that shows no query string; the signal's reason on abort
 */
export async function downloadVolume(
  volume: Volume | null,
  folder: string,
  options: DownloadVolumeOptions,
): Promise<void> {
  if (!volume) return;
  const writer = new VolumeWriter(folder);
  const parts = volume.volume_type === 'multi_volume' ? volume.volumes : [volume];
  for (const part of parts) await downloadPart(part, folder, writer, options);
}

async function downloadPart(
  part: SingleVolume,
  folder: string,
  writer: VolumeWriter,
  options: DownloadVolumeOptions,
): Promise<void> {
  options.signal.throwIfAborted();
  const { signal } = options;
  const http: DownloadOptions = {
    signal,
    send: options.send ?? guardedHttp(options),
    retryDelays: options.retryDelays ?? [1_000, 4_000],
  };
  const budget = (source: string) => new Budget(source, options.maxBytes, options.maxEntries ?? MAX_ENTRIES);
  switch (part.volume_type) {
    case 'inline': {
      const archive = openZip(Buffer.from(part.contents, 'base64'));
      return extractZip(archive, writer, target(part.relative_path), budget('The inline volume'), signal);
    }
    case 'zip_url': {
      const base = target(part.relative_path);
      const source = sourceOf(part.contents);
      const archive = await nameless(folder);
      try {
        await download(part.contents, archive, budget(source), http);
        return await extractZip(openZip(archive.fd), writer, base, budget(source), signal);
      } finally {
        await archive.close();
      }
    }
    case 'single_file': {
      const components = target(part.relative_path);
      if (components.length === 0 || part.relative_path.endsWith('/')) {
        throw failures.VOLUME_PATH_REFUSED(part.relative_path, 'it names no file');
      }
      const limits = budget(sourceOf(part.url));
      const file = await writer.makeFile(components, limits);
      return download(part.url, file, limits, http).finally(() => file.close());
    }
    default:
      throw failures.VOLUME_KIND_UNSUPPORTED(part.volume_type);
  }
}

function target(relativePath: string | null): string[] {
  const below = pathBelow(relativePath ?? '');
  if ('refused' in below) throw failures.VOLUME_PATH_REFUSED(relativePath!, below.refused);
  return below;
}

/** A file beside the volume that nobody sees and that is gone when it is closed, however this process ends. */
async function nameless(folder: string): Promise<FileHandle> {
  const name = `${folder}.${randomUUID()}.zip`;
  const file = await open(name, 'wx+', 0o600);
  await unlink(name);
  return file;
}
