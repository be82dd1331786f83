import path from 'node:path';
import type { OutputUpload, SingleUpload, ZipAndHttpPost, ZipAndHttpPut } from '@horde/protocol';
import { failures } from '../failures.ts';
import { guardedHttp, type HttpSend } from '../http/client.ts';
import { formBody, rawBody } from './body.ts';
import { deliver, type Delivery } from './deliver.ts';
import { inTurns } from './in-turns.ts';
import { findOutputFile } from './output-file.ts';
import { listOutput } from './output-tree.ts';
import { ZipArchive } from './zip-archive.ts';

const defaultLimit = 2 * 1024 ** 3;
/** All answers together, in bytes: no result could carry more. */
const answersLimit = 50 * 1024 * 1024;
/** Uploads of a multi-upload under way at once. */
const maxAtOnce = 3;
const archiveName = 'output.zip';

export interface UploadOutputOptions {
  signal: AbortSignal;
  /** Whether URLs may lead to addresses outside the public internet. */
  allowPrivateAddresses: boolean;
  /** Whether the operator's proxy may be asked for names that do not resolve here. @default false */
  trustProxy?: boolean;
  /**
   * The most bytes that an archive, and a file uploaded alone, may have; 0 or less: no limit.
   *
   * @default 2 147 483 648, ComputeHorde's
   */
  maxArchiveBytes?: number;
  /** @default HTTP under the rule above */
  send?: HttpSend;
  /** Milliseconds before the second and the third try. @default 1000 and 2000, ComputeHorde's */
  retryDelays?: number[];
}

/** A delivery, and the key of `upload_results` that its answer goes under. */
interface Keyed {
  key: string;
  delivery: Delivery;
}

/**
 * Uploads what the job asks for from its output folder: files by themselves, or all regular files as a ZIP archive.
 * Files are looked at, and an archive's are read, before the first request; of a multi-upload the first final failure
 * stops the rest.
 *
 * @returns `upload_results` of V0JobFinishedRequest: what each storage answered, by the file's relative path,
 *   `output.zip`, or `system_output` for the archive of a multi-upload
 * @throws JobFailure upload_failed; the signal's reason on abort
 */
export async function uploadOutput(
  upload: OutputUpload | null,
  outputFolder: string,
  options: UploadOutputOptions,
): Promise<Map<string, string>> {
  if (!upload) return new Map();
  const { signal, send = guardedHttp(options), retryDelays = [1_000, 2_000] } = options;
  signal.throwIfAborted();
  const output = new Output(outputFolder, options.maxArchiveBytes ?? defaultLimit, signal);
  const deliveries = await output.deliveries(upload);
  let received = 0;
  const results = await inTurns(deliveries, maxAtOnce, signal, async ({ key, delivery }, eitherSignal) => {
    const result = await deliver(delivery, { send, retryDelays, signal: eitherSignal });
    received += result.length;
    if (received > answersLimit) throw failures.UPLOAD_ANSWERS_TOO_LARGE(answersLimit);
    return [key, result] as const;
  });
  return new Map(results);
}

/** A job's output folder as something to upload from. */
class Output {
  constructor(
    private readonly folder: string,
    private readonly limit: number,
    private readonly signal: AbortSignal,
  ) {}

  async deliveries(upload: OutputUpload): Promise<Keyed[]> {
    switch (upload.output_upload_type) {
      case 'single_file_put':
      case 'single_file_post':
        return [await this.file(upload)];
      case 'zip_and_http_put':
      case 'zip_and_http_post':
        return [await this.archive(archiveName, upload, new Set())];
      case 'multi_upload': {
        const { uploads, system_output: archive } = upload;
        const all: Keyed[] = [];
        for (const single of uploads) all.push(await this.file(single));
        const uploaded = new Set(uploads.map(({ relative_path }) => relative_path));
        if (archive) all.push(await this.archive('system_output', archive, uploaded));
        return all;
      }
    }
  }

  private async file(upload: SingleUpload): Promise<Keyed> {
    const { relative_path: name, url, signed_headers: signedHeaders } = upload;
    const file = await findOutputFile(this.folder, name);
    if (this.refuses(file.size)) throw failures.UPLOAD_FILE_TOO_LARGE(name, file.size, this.limit);
    const to = { name, url, signedHeaders };
    const delivery: Delivery =
      upload.output_upload_type === 'single_file_put'
        ? { ...to, method: 'PUT', body: rawBody(file) }
        : { ...to, method: 'POST', body: formBody(file, path.posix.basename(name), upload.form_fields) };
    return { key: name, delivery };
  }

  private async archive(
    key: string,
    upload: ZipAndHttpPut | ZipAndHttpPost,
    except: ReadonlySet<string>,
  ): Promise<Keyed> {
    const archive = new ZipArchive(await listOutput(this.folder, except, this.signal));
    if (this.refuses(archive.size)) throw failures.UPLOAD_ARCHIVE_TOO_LARGE(archive.size, this.limit);
    await archive.prepare(this.signal);
    const to = { name: archiveName, url: upload.url, signedHeaders: null };
    const delivery: Delivery =
      upload.output_upload_type === 'zip_and_http_put'
        ? { ...to, method: 'PUT', body: rawBody(archive) }
        : { ...to, method: 'POST', body: formBody(archive, archiveName, upload.form_fields) };
    return { key, delivery };
  }

  private refuses(size: number): boolean {
    return this.limit > 0 && size > this.limit;
  }
}
