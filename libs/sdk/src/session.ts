import { orAborted } from '@horde/async';
import type { Keypair } from '@horde/identity';
import { clientError, HordeClientError } from './client-error.ts';
import type { Http, HttpRequest } from './http.ts';
import { readText } from './job-resource.ts';

/** A hotkey's login at a facilitator: made when it is needed, and again when its token counts no longer. */
export class Session {
  private token: Promise<string> | null = null;

  constructor(
    private readonly http: Http,
    private readonly hotkey: Keypair,
  ) {}

  /** @throws HordeClientError */
  async logIn(signal?: AbortSignal): Promise<void> {
    const token = this.newToken();
    await (signal ? orAborted(token, signal) : token);
  }

  /** The text of a successful answer. */
  send(request: HttpRequest): Promise<string> {
    return this.authorized(request, (authorized) => this.http.send(authorized));
  }

  /** A successful answer whose body is read as it comes. */
  open(request: HttpRequest): Promise<Response> {
    return this.authorized(request, (authorized) => this.http.open(authorized));
  }

  /** The error for a facilitator that was away for too long. */
  unreachable(why: string): HordeClientError {
    return this.http.unreachable(why);
  }

  /** Sends a request with the token; logs in again, once, when the token counts no longer. */
  private async authorized<Answer>(
    request: HttpRequest,
    send: (authorized: HttpRequest) => Promise<Answer>,
  ): Promise<Answer> {
    const { signal, headers } = request;
    const withToken = async (token: Promise<string>) => {
      const bearer = signal ? await orAborted(token, signal) : await token;
      return send({ ...request, headers: { ...headers, authorization: `Bearer ${bearer}` } });
    };
    const token = this.token ?? this.newToken();
    try {
      return await withToken(token);
    } catch (error) {
      if (!isTokenRefused(error)) throw error;
      // Of several requests with the same old token one logs in for all.
      return withToken(this.token === token || !this.token ? this.newToken() : this.token);
    }
  }

  private newToken(): Promise<string> {
    const token = this.askForToken();
    this.token = token;
    token.catch(() => {
      if (this.token === token) this.token = null;
    });
    return token;
  }

  private async askForNonce(): Promise<string> {
    try {
      return await this.http.send({ method: 'GET', path: 'auth/nonce' });
    } catch (error) {
      if (!(error instanceof HordeClientError) || error.code !== 'NOT_FOUND') throw error;
      throw clientError('BAD_ANSWER', { what: 'no place to log in' }, error.status);
    }
  }

  private async askForToken(): Promise<string> {
    const nonce = readText(await this.askForNonce(), 'nonce');
    // Nothing but a nonce is signed: another text could be a message of another protocol.
    if (!nonceForm.test(nonce)) throw notANonce();
    const signature = this.hotkey.signHex(nonce).slice('0x'.length);
    const body = JSON.stringify({ hotkey: this.hotkey.address, signature, nonce });
    return readText(await this.http.send({ method: 'POST', path: 'auth/login', body }), 'token');
  }
}

/** It has run out, or its secret was replaced; a hotkey that is refused gets no other token, either. */
const isTokenRefused = (error: unknown): boolean =>
  error instanceof HordeClientError && error.status === 401 && !error.message.includes('Unauthorized hotkey');

/** As facilitators make them: random hexadecimal digits, a time, and a seal of SHA-256 (or SHA-1) in base64url. */
const nonceForm = /^[0-9a-f]{32}:[0-9A-Za-z]{1,11}:(?:[A-Za-z0-9_-]{43}|[A-Za-z0-9_-]{27})$/;
const notANonce = () => clientError('BAD_ANSWER', { what: 'no nonce, to be signed for a login' });
