import path from 'node:path';

import { writePython, type JsonValue, type OutputUpload, type SingleUpload } from '@horde/protocol';

import { failures, JobFailure } from '../failures.ts';
import { guardedHttp, RequestRefused, type HttpResponse, type HttpSend } from '../http/client.ts';
import { pause } from '../pause.ts';
import { bytes, why, withoutSecrets } from '../wording.ts';
import { formBody, rawBody, type UploadBody } from './body.ts';
import { openOutputFile } from './output-file.ts';

const IDLE_TIMEOUT = 300_000;
const RESPONSE_LIMIT = 10 * 1024 * 1024;
/** All answers together, in bytes: no result could carry more. */
const RESPONSES_LIMIT = 5 * RESPONSE_LIMIT;
/** Uploads of a multi-upload under way at once. */
const AT_ONCE = 3;

export interface UploadOutputOptions {
  signal: AbortSignal;
  /** Whether URLs may lead to addresses outside the public internet. */
  allowPrivateAddresses: boolean;
  /** @default HTTP under the rule above */
  send?: HttpSend;
  /** Milliseconds before the second and the third try. @default 1000 and 2000, ComputeHorde's */
  retryDelays?: number[];
}

/**
 * Uploads what the job asks for from its output folder. Files are opened before the first request; of a multi-upload
 * the first final failure stops the rest.
 *
 * @returns `upload_results` of V0JobFinishedRequest: each file's relative path to what its storage answered
 * @throws JobFailure upload_failed; the signal's reason on abort
 */
export async function uploadOutput(
  upload: OutputUpload | null,
  outputFolder: string,
  options: UploadOutputOptions,
): Promise<Map<string, string>> {
  if (!upload) return new Map();
  options.signal.throwIfAborted();
  const uploads = singleUploads(upload);
  const opened: { upload: SingleUpload; body: UploadBody; close: () => Promise<void> }[] = [];
  try {
    for (const single of uploads) {
      const { file, size } = await openOutputFile(outputFolder, single.relative_path);
      opened.push({ upload: single, body: bodyOf(single, file, size), close: () => file.close() });
    }
    let received = 0;
    const results = await inTurns(opened, options.signal, async (item, signal) => {
      const result = await send(item.upload, item.body, { ...options, signal });
      received += result.length;
      if (received > RESPONSES_LIMIT) throw failures.UPLOAD_ANSWERS_TOO_LARGE(RESPONSES_LIMIT);
      return result;
    });
    return new Map(results.map((result, index) => [uploads[index]!.relative_path, result]));
  } finally {
    await Promise.all(opened.map(({ close }) => close()));
  }
}

function singleUploads(upload: OutputUpload): SingleUpload[] {
  switch (upload.output_upload_type) {
    case 'single_file_put':
    case 'single_file_post':
      return [upload];
    case 'multi_upload':
      if (upload.system_output) {
        throw failures.UPLOAD_KIND_UNSUPPORTED(`system_output ${upload.system_output.output_upload_type}`);
      }
      return upload.uploads;
    default:
      throw failures.UPLOAD_KIND_UNSUPPORTED(upload.output_upload_type);
  }
}

function bodyOf(upload: SingleUpload, file: Parameters<typeof rawBody>[0], size: number): UploadBody {
  return upload.output_upload_type === 'single_file_put'
    ? rawBody(file, size)
    : formBody(file, size, path.posix.basename(upload.relative_path), upload.form_fields ?? new Map());
}

/** Maps items a few at a time; the first failure aborts the others and is thrown once they have stopped. */
async function inTurns<Item, Result>(
  items: Item[],
  signal: AbortSignal,
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const stop = new AbortController();
  const results: Result[] = [];
  let next = 0;
  let failed: { error: unknown } | undefined;
  const worker = async () => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        results[index] = await work(items[index]!, AbortSignal.any([signal, stop.signal]));
      } catch (error) {
        failed ??= { error };
        stop.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (failed) throw failed.error;
  return results;
}

async function send(upload: SingleUpload, body: UploadBody, options: UploadOutputOptions): Promise<string> {
  const retryDelays = options.retryDelays ?? [1_000, 2_000];
  const target = withoutSecrets(upload.url);
  for (let attempt = 0; ; attempt++) {
    try {
      return await sendOnce(upload, body, options);
    } catch (error) {
      options.signal.throwIfAborted();
      if (error instanceof RequestRefused) throw failures.UPLOAD_ADDRESS_REFUSED(target, error.message);
      if (error instanceof JobFailure) throw error;
      if (attempt === retryDelays.length) {
        throw failures.UPLOAD_NOT_ACCEPTED(upload.relative_path, target, why(error));
      }
    }
    await pause(retryDelays[attempt]!, options.signal);
  }
}

async function sendOnce(
  upload: SingleUpload,
  body: UploadBody,
  options: UploadOutputOptions,
): Promise<string> {
  const contents = body.open();
  const exchange = options.send ?? guardedHttp(options);
  try {
    const response = await exchange({
      method: upload.output_upload_type === 'single_file_put' ? 'PUT' : 'POST',
      url: upload.url,
      headers: { ...body.headers, ...lowerCased(upload.signed_headers) },
      body: contents,
      signal: options.signal,
      idleTimeout: IDLE_TIMEOUT,
    });
    const text = await readText(response);
    if (response.status < 200 || response.status > 299)
      throw new Error(`the answer was HTTP ${response.status}`);
    // The text of a Python dictionary: what ComputeHorde's upload_results carries.
    return writePython(
      new Map<string, JsonValue>([
        ['headers', response.headers],
        ['body', text],
      ]),
    );
  } finally {
    contents.destroy();
  }
}

/** Signed headers take the place of ours, however they are written. */
function lowerCased(headers: Map<string, string> | null): Record<string, string> {
  return Object.fromEntries([...(headers ?? [])].map(([name, value]) => [name.toLowerCase(), value]));
}

async function readText(response: HttpResponse): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > RESPONSE_LIMIT) throw new Error(`the answer is longer than ${bytes(RESPONSE_LIMIT)}`);
      chunks.push(chunk);
    }
  } finally {
    response.body.destroy();
  }
  return Buffer.concat(chunks).toString('utf8');
}
