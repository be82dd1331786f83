import { validateHeaderName, validateHeaderValue } from 'node:http';
import { writePython, type JsonValue } from '@horde/protocol';
import { failures, JobFailure } from '../failures.ts';
import { RequestRefused, statusOf, type HttpResponse, type HttpSend } from '../http/client.ts';
import { follow, type FollowedResponse } from '../http/follow.ts';
import { pause } from '@horde/async';
import { why, withoutSecrets } from '../wording.ts';
import type { UploadBody } from './body.ts';

const defaultIdleTimeout = 300_000;
/** Kept of the body of a storage's answer. @unit bytes */
const maxAnswerBytes = 10 * 1024 * 1024;
/** How long that body is waited for: the upload is done without it. @unit ms */
const answerPatience = 30_000;
/** Of a storage's refusal so many characters are repeated to the user. */
const refusalShown = 300;

/** One request of an upload. */
export interface Delivery {
  /** What was uploaded, as the user is shown it: a path relative to /output, or output.zip. */
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
 * Sends a delivery until its storage says 2xx, or 303 to a form, whose answer is then elsewhere: the line that says so
 * is enough, whatever comes behind it. Other redirects are followed with the body, but for those that would make a GET
 * of a PUT: whatever that is answered with, nothing was stored.
 *
 * @returns the text of a Python dictionary of the answer's headers and body, as ComputeHorde's upload_results carry it
 * @throws JobFailure upload_failed; the signal's reason on abort
 */
export async function deliver(delivery: Delivery, options: DeliverOptions): Promise<string> {
  const target = withoutSecrets(delivery.url);
  const headers = signedHeadersOf(delivery);
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
  secrets: Record<string, string>,
  { send, signal }: DeliverOptions,
): Promise<string> {
  const answers = method === 'POST' ? [303] : [302, 303];
  const isDone = (status: number) => (status >= 200 && status < 300) || (method === 'POST' && status === 303);
  let response: FollowedResponse;
  try {
    response = await follow(send, {
      method,
      url,
      headers: body.headers,
      secrets,
      openBody: () => body.open(),
      answers,
      signal,
      idleTimeout: defaultIdleTimeout,
    });
  } catch (error) {
    const isLateFault = !signal.aborted && !(error instanceof JobFailure);
    if (isLateFault && isDone(statusOf(error) ?? 0)) return resultOf(new Map(), '');
    throw error;
  }
  if (!isDone(response.status)) throw new Error(await refusal(response, url));
  const text = await beginningOf(response, maxAnswerBytes);
  signal.throwIfAborted();
  return resultOf(response.headers, text);
}

function resultOf(headers: Map<string, string>, body: string): string {
  return writePython(
    new Map<string, JsonValue>([
      ['headers', headers],
      ['body', body],
    ]),
  );
}

/** What the user signed. Their checks come before any request. */
function signedHeadersOf({ body, signedHeaders }: Delivery): Record<string, string> {
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
  return Object.fromEntries(signed);
}

/** The status and the beginning of what the storage says about it, in one line and without the URL's query. */
async function refusal(response: FollowedResponse, url: string): Promise<string> {
  const text = await beginningOf(response, 16 * 1024);
  const queries = [url, response.url].map((one) => new URL(one).search).filter((query) => query !== '');
  const shown = queries
    .reduce((left, query) => left.replaceAll(query, '').replaceAll(query.replaceAll('&', '&amp;'), ''), text)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
  const said = [...shown].slice(0, refusalShown).join('');
  return `the answer was HTTP ${response.status}${said && `: ${said}`}`;
}

/** The answer's body, or what has come of it where it is longer than `limit` bytes, breaks off or takes long. */
async function beginningOf(response: HttpResponse, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  const late = setTimeout(() => response.body.destroy(), answerPatience);
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > limit) break;
    }
  } catch {
    // The status has been read, and that is what counts.
  } finally {
    clearTimeout(late);
    response.body.destroy();
  }
  return Buffer.concat(chunks).subarray(0, limit).toString('utf8');
}
