import { validateHeaderName, validateHeaderValue } from 'node:http';

import { writePython, type JsonValue } from '@horde/protocol';

import { failures, JobFailure } from '../failures.ts';
import { RequestRefused, type HttpResponse, type HttpSend } from '../http/client.ts';
import { pause } from '../pause.ts';
import { bytes, why, withoutSecrets } from '../wording.ts';
import type { UploadBody } from './body.ts';

const IDLE_TIMEOUT = 300_000;
const RESPONSE_LIMIT = 10 * 1024 * 1024;
/** Of a storage's refusal so many characters are repeated to the user. */
const REFUSAL_SHOWN = 300;

/** One request of an upload. */
export interface Delivery {
  /** What the user is told was uploaded: a path relative to /output, or output.zip. */
  name: string;
  method: 'PUT' | 'POST';
  url: string;
  /** In the place of ours where the names are the same, however they are written. */
  signedHeaders: Map<string, string> | null;
  body: UploadBody;
}

export interface DeliverOptions {
  send: HttpSend;
  /** Milliseconds before the second try, the third, and so on; after the last the upload has failed. */
  retryDelays: number[];
  signal: AbortSignal;
}

/**
 * Sends a delivery until its storage says 2xx; redirects are not followed.
 *
 * @returns the text of a Python dictionary of the answer's headers and body, as ComputeHorde's upload_results carry it
 * @throws JobFailure upload_failed; the signal's reason on abort
 */
export async function deliver(delivery: Delivery, options: DeliverOptions): Promise<string> {
  const target = withoutSecrets(delivery.url);
  const headers = headersOf(delivery);
  for (let attempt = 0; ; attempt++) {
    options.signal.throwIfAborted();
    try {
      return await deliverOnce(delivery, headers, options);
    } catch (error) {
      options.signal.throwIfAborted();
      if (error instanceof RequestRefused) throw failures.UPLOAD_ADDRESS_REFUSED(target, error.message);
      if (error instanceof JobFailure) throw error; // the file's fault: another try changes nothing
      if (attempt === options.retryDelays.length) {
        throw failures.UPLOAD_NOT_ACCEPTED(delivery.name, target, why(error));
      }
    }
    await pause(options.retryDelays[attempt]!, options.signal);
  }
}

async function deliverOnce(
  { method, url, body }: Delivery,
  headers: Record<string, string>,
  { send, signal }: DeliverOptions,
): Promise<string> {
  const response = await send({
    method,
    url,
    headers,
    body: body.open(),
    signal,
    idleTimeout: IDLE_TIMEOUT,
  });
  if (response.status < 200 || response.status > 299) throw new Error(await refusal(response, url));
  const answer = await read(response, RESPONSE_LIMIT);
  if (!answer.whole) throw new Error(`the answer is longer than ${bytes(RESPONSE_LIMIT)}`);
  return writePython(
    new Map<string, JsonValue>([
      ['headers', response.headers],
      ['body', answer.text],
    ]),
  );
}

function headersOf({ body, signedHeaders }: Delivery): Record<string, string> {
  const length = body.headers['content-length']!;
  const signed = [...(signedHeaders ?? [])].map(([name, value]): [string, string] => {
    const refuse = (reason: string) => failures.UPLOAD_HEADER_REFUSED(name.slice(0, 100), reason);
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      throw refuse('it is no header of HTTP');
    }
    const key = name.toLowerCase();
    // A storage would wait for the rest, or take what is too much for another request.
    if (key === 'content-length' && value !== length)
      throw refuse(`it says ${value}, and there are ${length} bytes`);
    if (key === 'transfer-encoding') throw refuse('what is uploaded goes as it is, with its length');
    return [key, value];
  });
  return { ...body.headers, ...Object.fromEntries(signed) };
}

/** The status and the beginning of what the storage says about it, in one line and without the URL's query. */
async function refusal(response: HttpResponse, url: string): Promise<string> {
  const { text } = await read(response, 16 * 1024).catch(() => ({ text: '' }));
  const query = new URL(url).search;
  const shown = (query ? text.replaceAll(query, '').replaceAll(query.replaceAll('&', '&amp;'), '') : text)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
  const said = [...shown].slice(0, REFUSAL_SHOWN).join('');
  return `the answer was HTTP ${response.status}${said && `: ${said}`}`;
}

/** The answer's body, or only its beginning where it is longer than `limit` bytes. */
async function read(response: HttpResponse, limit: number): Promise<{ text: string; whole: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > limit) break;
    }
  } finally {
    response.body.destroy();
  }
  return { text: Buffer.concat(chunks).subarray(0, limit).toString('utf8'), whole: length <= limit };
}
