import { RequestRefused, type HttpRequest, type HttpResponse, type HttpSend } from './client.ts';

/** As many as httpx follows. */
const maxRedirects = 20;

export interface FollowRequest extends Omit<HttpRequest, 'body'> {
  /** Headers for the origin of `url` alone: left out from the first redirect to another on. */
  secrets?: Record<string, string>;
  /** Begins the body anew for each request that it goes with. */
  openBody?: () => AsyncIterable<Buffer>;
  /** Statuses of redirects that are answers by themselves. @default none */
  answers?: readonly number[];
}

export interface FollowedResponse extends HttpResponse {
  /** What was asked last. */
  url: string;
}

/**
 * Follows redirects to the answer proper, each under the same rules. The method stays, and the body goes again, where
 * httpx does so: after 307 and 308, and after a 301 that answers no POST. Else a GET follows.
 *
 * @throws RequestRefused too many redirects, or one that leads to no URL; otherwise as `send`
 */
export async function follow(send: HttpSend, request: FollowRequest): Promise<FollowedResponse> {
  const { signal, idleTimeout, answers = [] } = request;
  let { method, url, headers, secrets = {}, openBody } = request;
  for (let hop = 0; ; hop++) {
    const response = await send({
      method,
      url,
      headers: { 'user-agent': 'compute-horde-executor', ...headers, ...secrets },
      body: openBody?.(),
      signal,
      idleTimeout,
    });
    const { status } = response;
    const location = response.headers.get('location');
    const isRedirect = [301, 302, 303, 307, 308].includes(status) && !answers.includes(status);
    if (!isRedirect || !location) return { ...response, url };
    response.body.destroy();
    if (hop === maxRedirects) throw new RequestRefused(`it redirects more than ${maxRedirects} times`);
    if (!URL.canParse(location, url))
      throw new RequestRefused('it redirects to an address that is not a URL');
    const target = new URL(location, url);
    if (!isSameServer(new URL(url), target)) secrets = {};
    if (method !== 'GET' && (status === 302 || status === 303 || (status === 301 && method === 'POST'))) {
      method = 'GET';
      openBody = undefined;
      headers = without(headers, ['content-length', 'content-type']);
      secrets = without(secrets, ['content-length', 'content-type']);
    }
    url = target.href;
  }
}

function isSameServer(from: URL, to: URL): boolean {
  const isUpgrade = from.protocol === 'http:' && to.protocol === 'https:' && from.port + to.port === '';
  return from.origin === to.origin || (isUpgrade && from.hostname === to.hostname);
}

function without(headers: Record<string, string>, names: string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}
