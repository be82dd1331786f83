import { around, doublingPause, pause } from '@horde/async';
import { allowSlowAddresses, reasonOf } from '@horde/network';
import { clientError, errorOfAnswer, HordeClientError } from './client-error.ts';

/** How often a request is tried. */
const attempts = 5;
/** Between attempts, with jitter. */
const pauses = { first: 200, max: 5_000 };
/** How long one attempt may take. @unit ms */
const answerLimit = 60_000;

export interface HttpRequest {
  method: 'GET' | 'POST';
  /** Relative to the facilitator's URL: `api/v1/jobs/`. */
  path: string;
  headers?: Record<string, string>;
  /** The exact text of the body. */
  body?: string;
  /** A status that says "in a moment", besides 429 and 5xx. */
  againAfter?: number;
  signal?: AbortSignal;
}

/** Sends requests to one facilitator, and again when that can help: after 429, 5xx and lost connections. */
export class Http {
  private readonly base: URL;
  private readonly closing = new AbortController();

  /** @param maxAnswer the largest answer that is read @unit bytes */
  constructor(
    facilitatorUrl: string,
    private readonly maxAnswer: number,
  ) {
    allowSlowAddresses();
    if (!/^https?:\/\//i.test(facilitatorUrl) || !URL.canParse(facilitatorUrl)) {
      const why = `"${facilitatorUrl}" is not a facilitator's URL: it begins with https:// or http://.`;
      throw clientError('BAD_OPTION', { why });
    }
    this.base = new URL(facilitatorUrl.endsWith('/') ? facilitatorUrl : `${facilitatorUrl}/`);
  }

  /** Ends what is under way, and refuses what comes. */
  close(): void {
    this.closing.abort(clientError('CLOSED', {}));
  }

  /** The text of a successful answer. @throws HordeClientError, or the signal's reason when it was aborted */
  async send(request: HttpRequest): Promise<string> {
    const signal = this.until(request.signal);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(request, signal, (answer) => this.read(answer));
      } catch (error) {
        const isWorthIt =
          error instanceof HordeClientError &&
          (isTransient(error) || (error.status !== null && error.status === request.againAfter));
        if (!isWorthIt || attempt === attempts) throw error;
        await pause(around(doublingPause(attempt, pauses)), signal);
      }
    }
  }

  /**
   * A successful answer whose body is read as it comes, until the signal ends it. It is tried once.
   *
   * @throws HordeClientError, or the signal's reason when it was aborted
   */
  open(request: HttpRequest): Promise<Response> {
    return this.once(request, this.until(request.signal), (answer) => Promise.resolve(answer));
  }

  private async once<Result>(
    { method, path, headers = {}, body }: HttpRequest,
    signal: AbortSignal,
    read: (answer: Response) => Promise<Result>,
  ): Promise<Result> {
    signal.throwIfAborted();
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), answerLimit);
    try {
      const answer = await fetch(new URL(path, this.base), {
        method,
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body,
        signal: AbortSignal.any([signal, late.signal]),
      });
      if (!answer.ok) throw errorOfAnswer(answer.status, await this.read(answer));
      return await read(answer);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof HordeClientError) throw error;
      throw this.unreachable(
        late.signal.aborted ? `no answer within ${answerLimit / 1000} s` : reasonOf(error),
      );
    } finally {
      clearTimeout(timer);
    }
  }

  unreachable(why: string): HordeClientError {
    return clientError('UNREACHABLE', { address: this.base.origin, why });
  }

  private async read({ status, body }: Response): Promise<string> {
    const decoder = new TextDecoder();
    let text = '';
    let size = 0;
    for await (const chunk of body ?? []) {
      size += chunk.length;
      if (size > this.maxAnswer) throw clientError('TOO_LARGE', { limit: this.maxAnswer }, status);
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  }

  private until(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.closing.signal]) : this.closing.signal;
  }
}

/** Whether the facilitator may be there again within seconds. NO_VALIDATOR may pass, too, but later: the caller decides. */
export const isTransient = (error: unknown): boolean =>
  error instanceof HordeClientError && transient.has(error.code);

const transient = new Set(['UNREACHABLE', 'FACILITATOR_BUSY', 'FACILITATOR_FAILED']);
