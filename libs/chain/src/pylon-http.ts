import { setTimeout as sleep } from 'node:timers/promises';
import { around, doublingPause } from '@horde/async';
import { exchange, reasonOf } from '@horde/network';
import { ChainError } from './chain.ts';

/** How often a call is made when nothing answers: ComputeHorde's Pylon client does the same. */
const attempts = 3;
/** Between attempts. */
const pauses = { first: 200, max: 300 };
/** How much of Pylon's own explanation an error repeats. @unit characters */
const detailLimit = 300;

export interface PylonRequest {
  method: 'GET' | 'POST' | 'PUT';
  /** Below the address: `/api/v1/block/latest`. */
  path: string;
  token?: string | null;
  body?: unknown;
  /** For the whole answer. @unit ms */
  timeout: number;
}

export interface PylonAnswer {
  status: number;
  /** The parsed body; undefined when it is not JSON. */
  body: unknown;
}

/** HTTP to one Pylon: repeats what was not answered, and never follows it elsewhere with a token. */
export class PylonHttp {
  /** What errors call it: the address without its end slash. */
  readonly shown: string;
  private readonly secrets: string[];

  /** @throws ChainError when the address is no http or https address, or holds a password */
  constructor(address: string, secrets: (string | null | undefined)[]) {
    this.shown = readAddress(address);
    this.secrets = secrets.filter((secret) => typeof secret === 'string' && secret !== '') as string[];
  }

  /** Any answer, error answers included. @throws ChainError when there is none */
  async ask(request: PylonRequest): Promise<PylonAnswer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(request);
      } catch (error) {
        if (attempt === attempts) {
          throw new ChainError(
            'unreachable',
            `Pylon at ${this.shown} does not answer: ${this.clean(reason(error, request))}.`,
          );
        }
      }
      await sleep(around(doublingPause(attempt, pauses)));
    }
  }

  /** The error for an answer that says no. */
  refused(request: PylonRequest, { status, body }: PylonAnswer): ChainError {
    const detail = (body as { detail?: unknown } | null | undefined)?.detail;
    const why =
      typeof detail === 'string' && detail !== '' ? `: ${this.clean(detail).slice(0, detailLimit)}` : '';
    // What Pylon is there for, or the chain behind it, is away, or it has too much to do.
    const isPassing = status >= 500 || status === 429;
    const kind = status === 404 ? 'absent' : 'refused';
    return new ChainError(
      isPassing ? 'unreachable' : kind,
      `Pylon at ${this.shown} answered ${request.method} ${this.clean(request.path)} with ${status}${why}`,
    );
  }

  private async once({ method, path, token, body, timeout }: PylonRequest): Promise<PylonAnswer> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (token) headers['authorization'] = `Bearer ${token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const { status, text } = await exchange(new URL(this.shown + path), {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(timeout),
    });
    return { status, body: parse(text) };
  }

  private clean(text: string): string {
    return this.secrets.reduce((cleaned, secret) => cleaned.replaceAll(secret, '[secret]'), text);
  }
}

function readAddress(address: string): string {
  const url = URL.parse(address);
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw new ChainError(
      'unreachable',
      `Pylon's address must begin with http:// or https://, and ${JSON.stringify(address)} does not.`,
    );
  }
  if (url.username || url.password) {
    throw new ChainError(
      'unreachable',
      `Pylon's address on ${url.host} must not hold a user name or a password.`,
    );
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a person can use of a failed call. */
function reason(error: unknown, { timeout }: PylonRequest): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${timeout / 1000} s`;
  return reasonOf(error);
}
