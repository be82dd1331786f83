import { lookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import type http from 'node:http';
import { isIP, type LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import { isPublicAddress, proxyFor, requestOver } from '@horde/network';
import { orAborted } from '@horde/async';
import { why } from '../wording.ts';
import { AnswerHead, maxHeadBytes } from './answer-head.ts';
import { release } from './release.ts';

export interface HttpRequest {
  method: 'GET' | 'PUT' | 'POST';
  url: string;
  headers: Record<string, string>;
  /** Each piece has left before the next is asked for, and may share its memory. The length is the caller's header. */
  body?: AsyncIterable<Buffer>;
  signal: AbortSignal;
  /** A connection on which nothing moves for so many milliseconds is given up. */
  idleTimeout: number;
}

export interface HttpResponse {
  status: number;
  /** Names in lower case, in the order received; repeated ones joined by `, `. */
  headers: Map<string, string>;
  /** Has to be read or destroyed. */
  body: Readable;
}

/**
 * One HTTP exchange; redirects are the caller's.
 *
 * @throws RequestRefused when the rules forbid it, which no retry changes; any other error is the network's
 */
export type HttpSend = (request: HttpRequest) => Promise<HttpResponse>;

/** The status of the answer that an error ended; null: none came. */
export function statusOf(error: unknown): number | null {
  return (error as { answerStatus?: number | null } | null)?.answerStatus ?? null;
}

/** The URL is one that this machine does not connect to. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
}

export interface HttpRules {
  /** Whether jobs may make this machine connect to addresses outside the public internet. */
  allowPrivateAddresses: boolean;
  /** @default isPublicAddress, or every address where private ones are allowed */
  mayConnect?: (address: string) => boolean;
  /** Finds the addresses of a name. @default the system's way */
  resolve?: Resolve;
  /** Whether the operator's proxy may be asked for names that do not resolve here. @default false */
  trustProxy?: boolean;
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are. @default this process's */
  environment?: Record<string, string | undefined>;
}

type Resolve = (
  host: string,
  options: LookupAllOptions,
  callback: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * HTTP for URLs that strangers chose: http and https only, and only to addresses that the rules allow. A name's
 * addresses are checked in the look-up of the connection itself, so that what was checked is what is connected to.
 * Over the operator's proxy addresses are checked as far as they are known here: the proxy is given the name, as its own
 * rules are about names and it looks them up again, so what it may reach within its network is for its rules to say.
 * Answers are read as httpx reads them, under ComputeHorde's executor: storages that it gets on with are not always exact.
 */
export function guardedHttp(rules: HttpRules): HttpSend {
  const mayConnect = rules.mayConnect ?? (rules.allowPrivateAddresses ? () => true : isPublicAddress);
  const find = checkedLookup(mayConnect, rules.resolve ?? lookup);
  return async (request) => {
    const url = parse(request.url);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    // Node looks up names only.
    if (isIP(host) && !mayConnect(host)) throw notPublic(host);
    const proxy = proxyFor(url, rules.environment ?? process.env);
    if (!proxy) return exchange(requestOver(null, url, { ...optionsFor(request), lookup: find }), request);
    const isFree = isIP(host) !== 0 || (rules.allowPrivateAddresses && !rules.mayConnect);
    if (!isFree && !(await isKnown(host, find, request.signal)) && !rules.trustProxy)
      throw new Error(unknownName);
    return exchange(requestOver(proxy, url, optionsFor(request)), request).catch((error: Error) => {
      throw proxyFault(error) ?? error;
    });
  };
}

const unknownName =
  "its host name is not known on the executor's machine, whose operator can let the proxy find it with VOLUME_TRUST_PROXY";
/** How long a name may take to be found that a proxy is to be asked for. @unit ms */
const lookupLimit = 5_000;

/** Whether a name is known here. @throws RequestRefused when it leads where nobody may go */
async function isKnown(host: string, find: LookupFunction, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  find(host, { all: true }, (error) => (error instanceof RequestRefused ? reject(error) : resolve(!error)));
  const late = setTimeout(() => resolve(false), lookupLimit);
  return orAborted(promise, signal).finally(() => clearTimeout(late));
}

/** Says of an error on the way to the proxy that it is the proxy's, without where that is; null: it is another error. */
function proxyFault(error: Error): Error | null {
  const { code, syscall, statusCode } = error as NodeJS.ErrnoException & { statusCode?: number };
  const isTunnel = code === 'ERR_PROXY_TUNNEL';
  const isConnecting = error instanceof AggregateError || syscall === 'connect' || syscall === 'getaddrinfo';
  if (!isTunnel && !isConnecting) return null;
  const answer = statusCode ? `it answered with HTTP ${statusCode}` : 'it made no tunnel';
  return new Error(`the proxy of the executor's machine: ${isTunnel ? answer : why(error)}`);
}

function parse(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url) throw new RequestRefused('it is not a URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new RequestRefused('only http and https are spoken here');
  }
  return url;
}

function notPublic(host: string): RequestRefused {
  const permit = 'the operator of the machine can permit such addresses with VOLUME_ALLOW_PRIVATE_ADDRESSES';
  return new RequestRefused(`${host} is not an address of the public internet (${permit})`);
}

function checkedLookup(mayConnect: (address: string) => boolean, resolve: Resolve): LookupFunction {
  return (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '');
      if (!addresses.every(({ address }) => mayConnect(address))) return callback(notPublic(host), '');
      if (options.all) return callback(null, addresses);
      return callback(null, addresses[0]!.address, addresses[0]!.family);
    });
  };
}

function optionsFor(request: HttpRequest): http.RequestOptions {
  return {
    method: request.method,
    headers: request.headers,
    signal: request.signal,
    timeout: request.idleTimeout,
    insecureHTTPParser: true, // Node's name for its lenient mode
    maxHeaderSize: maxHeadBytes,
  };
}

function exchange(sent: http.ClientRequest, request: HttpRequest): Promise<HttpResponse> {
  const { promise, resolve: answered, reject } = Promise.withResolvers<HttpResponse>();
  let head: AnswerHead | undefined;
  let answer: http.IncomingMessage | undefined;
  sent.on('timeout', () => {
    (answer ?? sent).destroy(Object.assign(new Error('no answer came in time'), { code: 'ETIMEDOUT' }));
  });
  // What came over the connection has been copied into the answer's body by then: Node's parser was there first.
  sent.on('socket', (socket) => {
    head = new AnswerHead(socket);
    socket.on('data', release);
  });
  const fail = (error: Error) => reject(Object.assign(error, { answerStatus: head?.status }));
  sent.on('error', fail);
  // A request that waits for its tunnel does not end with its signal.
  const abort = () => fail(request.signal.reason as Error);
  request.signal.addEventListener('abort', abort, { once: true });
  promise.catch(() => {}).finally(() => request.signal.removeEventListener('abort', abort));
  // Nothing else tells of an answer that is none, such as 101, which leads to another protocol.
  sent.on('close', () => fail(new Error('the connection ended without an answer')));
  sent.on('response', (response) => {
    answer = response;
    const headers = joinHeaders(response.rawHeaders);
    if (!isReadable(headers)) {
      response.destroy();
      return fail(Object.assign(new Error('its answer is not HTTP'), { code: 'HPE_INVALID_HEADER_TOKEN' }));
    }
    answered({ status: response.statusCode!, headers, body: response });
  });
  if (request.body) write(request.body, sent).catch((error: Error) => sent.destroy(error));
  else sent.end();
  return promise;
}

async function write(pieces: AsyncIterable<Buffer>, sent: http.ClientRequest): Promise<void> {
  let goOn = () => {};
  sent.on('close', () => goOn()); // nothing else ends the wait when the connection is not even made
  for await (const piece of pieces) {
    if (sent.destroyed) return;
    await new Promise<void>((resolve) => {
      goOn = resolve;
      sent.write(piece, () => resolve());
    });
  }
  sent.end();
}

function joinHeaders(raw: string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase();
    const before = headers.get(name);
    headers.set(name, before === undefined ? raw[at + 1]! : `${before}, ${raw[at + 1]!}`);
  }
  return headers;
}

/** Whether h11 would read such headers, and the body behind them: that of another encoding would come undecoded. */
function isReadable(headers: Map<string, string>): boolean {
  const encoding = headers.get('transfer-encoding') ?? 'chunked';
  // oxlint-disable-next-line no-control-regex
  return (
    encoding.toLowerCase() === 'chunked' && ![...headers.values()].some((value) => /[\0\v\f]/.test(value))
  );
}
