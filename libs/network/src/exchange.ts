import http from 'node:http';
import https from 'node:https';
import { peerClocks } from './peer-clocks.ts';
import { proxyFor } from './proxy.ts';

export interface ExchangeOptions {
  method?: 'GET' | 'POST' | 'PUT';
  headers?: Record<string, string>;
  body?: string | Buffer;
  signal: AbortSignal;
  /** A longer answer is an AnswerTooLong. @unit bytes @default no limit */
  maxBytes?: number;
  /** Over no proxy: whom the operator did not choose is asked from here, or not at all. */
  direct?: boolean;
}

export interface Exchanged {
  status: number;
  text: string;
}

/** After so long without an answer to CONNECT a tunnel is given up, where its request has ended before it. @unit ms */
const tunnelLimit = 60_000;

/** An answer that is longer than whoever asked for it wants to read. */
export class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong';
}

/**
 * One HTTP exchange with a server, over the operator's proxy where there is one. Redirects are
 * answers. Node's own fetch knows a proxy only for the whole process, websockets and engines beside it.
 *
 * @throws WrongProxy, AnswerTooLong, the signal's reason, or the network's error
 */
export function exchange(url: URL, options: ExchangeOptions): Promise<Exchanged> {
  const { method = 'GET', headers, body, signal, maxBytes = Infinity, direct = false } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Exchanged>();
  const sent = requestOver(direct ? null : proxyFor(url, process.env), url, {
    method,
    headers,
    signal,
    timeout: tunnelLimit,
  });
  sent.on('error', reject);
  // Aborted itself: a request that waits for its tunnel does not end with its signal.
  const abort = () => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  let isAnswered = false;
  const asked = Date.now();
  sent.on('close', () => isAnswered || reject(new Error('the connection ended without an answer')));
  sent.on('response', (response) => {
    isAnswered = true;
    peerClocks.noteAnswer(url, response.headers, asked);
    const chunks: Buffer[] = [];
    let length = 0;
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > maxBytes) response.destroy(new AnswerTooLong(`more than ${maxBytes} bytes`));
    });
    response.on('error', reject);
    response.on('end', () =>
      resolve({ status: response.statusCode!, text: Buffer.concat(chunks).toString('utf8') }),
    );
  });
  sent.end(body);
  return promise.finally(() => signal.removeEventListener('abort', abort));
}

/** Begins a request over a connection of its own: to the proxy where one is given, through a tunnel to an https URL. */
export function requestOver(proxy: URL | null, url: URL, options: http.RequestOptions): http.ClientRequest {
  const { Agent, request } = url.protocol === 'https:' ? https : http;
  const address = proxy?.href;
  const agent = address ? new Agent({ proxyEnv: { HTTP_PROXY: address, HTTPS_PROXY: address } }) : false;
  return request(url, { ...options, agent });
}
