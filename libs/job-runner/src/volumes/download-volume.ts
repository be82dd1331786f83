import { randomUUID } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import type { SingleVolume, Volume } from '@horde/protocol';
import { failures } from '../failures.ts';
import { guardedHttp, type HttpSend } from '../http/client.ts';
import { follow } from '../http/follow.ts';
import { why, withoutSecrets } from '../wording.ts';
import { Budget, type VolumeLimits } from './budget.ts';
import { DownloadMeter, type DownloadProgress } from './download-progress.ts';
import { download, type AskFor } from './download.ts';
import { extractZip } from './zip/extract-zip.ts';
import { downloadRepository } from './huggingface.ts';
import { pathBelow } from './relative-path.ts';
import { headersForRest } from './resume.ts';
import type { Tries } from './tries.ts';
import { VolumeFile } from './volume-file.ts';
import { VolumeWriter } from './volume-writer.ts';

/**
 * Only archives are held to a ratio, and only above 1 GiB: deflate packs zeros 1032 times, text 20 times at best. What
 * an archive of any ratio may cost is bounded by `maxBytes` anyway.
 */
const defaultLimits = { maxEntries: 100_000, maxRatio: 500, freeBytes: 1024 ** 3 };

const hubUrl = 'https://huggingface.co';

export interface DownloadVolumeOptions {
  /**
   * The most that each part of a volume may hold, in bytes, as downloaded and again as unpacked
   * (ComputeHorde's VOLUME_MAX_SIZE_BYTES); 0 or less: no limit.
   */
  maxBytes: number;
  /** Limits of each part beside that. @default 100 000 entries; archives that unpack to over 1 GiB: 500 times */
  limits?: Partial<VolumeLimits>;
  signal: AbortSignal;
  /** Whether URLs may lead to addresses outside the public internet. */
  allowPrivateAddresses: boolean;
  /** Whether the operator's proxy may be asked for names that do not resolve here. @default false */
  trustProxy?: boolean;
  /** @default HTTP under the rule above */
  send?: HttpSend;
  /** Milliseconds before the second and the third try. @default 1000 and 4000, ComputeHorde's */
  retryDelays?: number[];
  /** A download that brings nothing for so many milliseconds is tried again. @default 30 000 */
  idleTimeout?: number;
  /** Where Hugging Face repositories are, as huggingface_hub's HF_ENDPOINT. @default https://huggingface.co */
  hubUrl?: string;
  /** For a Hugging Face volume without a token of its own, unless it is a part of a multi-volume. */
  hfAccessToken?: string | null;
  /** Told of each part that is downloaded, twice a second and at its end. Must neither wait nor throw. */
  onProgress?: (progress: DownloadProgress) => void;
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
  const filler = new Filler(folder, options);
  if (volume.volume_type !== 'multi_volume') return filler.fill(volume, options.hfAccessToken ?? null);
  for (const part of volume.volumes) await filler.fill(part, null);
}

class Filler {
  private readonly writer: VolumeWriter;
  private readonly send: HttpSend;
  private readonly tries: Tries;
  private readonly idleTimeout: number;

  constructor(
    private readonly folder: string,
    private readonly options: DownloadVolumeOptions,
  ) {
    this.writer = new VolumeWriter(folder);
    this.send = options.send ?? guardedHttp(options);
    this.tries = { signal: options.signal, retryDelays: options.retryDelays ?? [1_000, 4_000] };
    this.idleTimeout = options.idleTimeout ?? 30_000;
  }

  /** @param hubToken for a Hugging Face volume without a token of its own */
  fill(part: SingleVolume, hubToken: string | null): Promise<void> {
    this.options.signal.throwIfAborted();
    const base = namesOf(part.relative_path);
    switch (part.volume_type) {
      case 'inline':
        return this.unpackInline(Buffer.from(part.contents, 'base64'), base);
      case 'zip_url':
        return this.unpackUrl(part.contents, part.relative_path, base);
      case 'single_file':
        return this.fetchFile(part.url, part.relative_path, base);
      case 'huggingface_volume':
        return this.metered(part.relative_path || part.repo_id, (meter) =>
          downloadRepository({ ...part, token: part.token ?? hubToken }, base, {
            writer: this.writer,
            budget: (source) => this.budget(source, meter),
            hubUrl: (this.options.hubUrl || hubUrl).replace(/\/+$/, ''),
            send: this.send,
            idleTimeout: this.idleTimeout,
            ...this.tries,
          }),
        );
    }
  }

  /** Has somebody told how far a download is. */
  private async metered(name: string, work: (meter?: DownloadMeter) => Promise<void>): Promise<void> {
    const { onProgress } = this.options;
    const meter = onProgress && new DownloadMeter(name, onProgress);
    await work(meter);
    meter?.end();
  }

  private async unpackInline(archive: Buffer, base: string[]): Promise<void> {
    const budget = this.budget('The inline volume');
    budget.expectBytes(archive.length);
    await extractZip(archive, this.writer, base, budget, this.options.signal);
  }

  private async unpackUrl(url: string, name: string | null, base: string[]): Promise<void> {
    const source = sourceOf(url);
    const archive = await nameless(this.folder);
    try {
      await this.metered(name || withoutSecrets(url), (meter) =>
        download(this.askFor(url), archive, this.budget(source, meter), this.tries),
      );
      await extractZip(archive.handle, this.writer, base, this.budget(source), this.options.signal);
    } finally {
      await archive.close();
    }
  }

  private async fetchFile(url: string, relativePath: string, names: string[]): Promise<void> {
    if (names.length === 0 || relativePath.endsWith('/')) {
      throw failures.VOLUME_PATH_REFUSED(relativePath, 'it names no file');
    }
    await this.metered(relativePath, async (meter) => {
      const budget = this.budget(sourceOf(url), meter);
      const file = await this.writer.makeFile(names, budget);
      await download(this.askFor(url), file, budget, this.tries).finally(() => file.close());
    });
  }

  private askFor(url: string): AskFor {
    const { signal } = this.options;
    const { send, idleTimeout } = this;
    return (rest) => {
      const headers = { 'accept-encoding': 'identity', ...(rest && headersForRest(rest)) };
      return follow(send, { method: 'GET', url, headers, signal, idleTimeout });
    };
  }

  private budget(source: string, meter?: DownloadMeter): Budget {
    const { maxBytes, limits } = this.options;
    return new Budget(source, { ...defaultLimits, maxBytes, ...limits }, meter?.note);
  }
}

function namesOf(relativePath: string | null): string[] {
  const below = pathBelow(relativePath ?? '');
  if ('refused' in below) throw failures.VOLUME_PATH_REFUSED(relativePath!, below.refused);
  return below;
}

/** What messages call that which a URL gives. */
function sourceOf(url: string): string {
  return `The volume at ${withoutSecrets(url)}`;
}

/** A file beside the volume that nobody sees and that is gone when it is closed, however this process ends. */
async function nameless(folder: string): Promise<VolumeFile> {
  const name = `${folder}.${randomUUID()}.zip`;
  try {
    const file = await open(name, 'wx+', 0o600);
    await unlink(name);
    return new VolumeFile(file, null);
  } catch (error) {
    throw failures.VOLUME_ARCHIVE_NOT_WRITTEN(why(error));
  }
}
