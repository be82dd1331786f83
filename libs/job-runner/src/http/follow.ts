import { RequestRefused, type HttpRequest, type HttpResponse, type HttpSend } from './client.ts';

const REDIRECTS = 5;

/** A GET whose redirects are followed, at most 5. */
export interface FollowRequest extends Omit<HttpRequest, 'method' | 'body'> {
  /** Headers for the origin of `url` alone: left out from the first redirect to another origin on. */
  secrets?: Record<string, string>;
}

/**
 * Follows redirects to the answer proper, each under the same rules.
 *
 * @throws RequestRefused too many redirects, or one that leads to no URL; otherwise as `send`
 */
export async function follow(send: HttpSend, request: FollowRequest): Promise<HttpResponse> {
  const { url, headers, signal, idleTimeout } = request;
  let secrets = request.secrets ?? {};
  let next = url;
  for (let hop = 0; ; hop++) {
    const response = await send({
      method: 'GET',
      url: next,
      headers: { 'user-agent': 'compute-horde-executor', ...headers, ...secrets },
      signal,
      idleTimeout,
    });
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || !location) return response;
    response.body.destroy();
    if (hop === REDIRECTS) throw new RequestRefused(`it redirects more than ${REDIRECTS} times`);
    if (!URL.canParse(location, next))
      throw new RequestRefused('it redirects to an address that is not a URL');
    const target = new URL(location, next);
    if (target.origin !== new URL(next).origin) secrets = {};
    next = target.href;
  }
}
