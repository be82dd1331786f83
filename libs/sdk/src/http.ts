import { around, doublingPause, pause } from '@horde/async';
import { allowSlowAddresses, reasonOf } from '@horde/network';
import { errorOfAnswer, HordeClientError } from './client-error.ts';

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
  signal?: AbortSignal;
}

/** Sends requests to one facilitator, and again when that can help: after 429, 5xx and lost connections. */
export class Http {
  private readonly base: URL;

  /** @param maxAnswer the largest answer that is read @unit bytes */
  constructor(
    facilitatorUrl: string,
    private readonly maxAnswer: number,
  ) {
    allowSlowAddresses();
    if (!URL.canParse(facilitatorUrl))
      throw new HordeClientError('BAD_JOB_SPEC', `"${facilitatorUrl}" is not a URL.`);
    this.base = new URL(facilitatorUrl.endsWith('/') ? facilitatorUrl : `${facilitatorUrl}/`);
  }

  /** The text of a successful answer. @throws HordeClientError, or the signal's reason when it was aborted */
  async send(request: HttpRequest): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(request);
      } catch (error) {
        const isWorthIt = error instanceof HordeClientError && isTransient(error) && attempt < attempts;
        if (!isWorthIt) throw error;
        await pause(pauseAfter(attempt), request.signal);
      }
    }
  }

  private async once({ method, path, headers = {}, body, signal }: HttpRequest): Promise<string> {
    const limit = AbortSignal.timeout(answerLimit);
    let status: number;
    let text: string;
    try {
      const answer = await fetch(new URL(path, this.base), {
        method,
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body,
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
      status = answer.status;
      text = await this.read(answer);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof HordeClientError) throw error;
      throw new HordeClientError(
        'UNREACHABLE',
        `The facilitator at ${this.base.origin} does not answer: ${why(error)}.`,
        null,
        true,
      );
    }
    if (status >= 200 && status < 300) return text;
    throw errorOfAnswer(status, text);
  }

  private async read({ status, body }: Response): Promise<string> {
    const decoder = new TextDecoder();
    let text = '';
    let size = 0;
    for await (const chunk of body ?? []) {
      size += chunk.length;
      if (size > this.maxAnswer) {
        const sentence = `The facilitator's answer is larger than ${this.maxAnswer} bytes: ask for fewer jobs at once.`;
        throw new HordeClientError('TOO_LARGE', sentence, status);
      }
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  }
}

/** NO_VALIDATOR may pass, but not within seconds: the caller decides. */
const isTransient = ({ code }: HordeClientError): boolean =>
  code === 'UNREACHABLE' || code === 'FACILITATOR_FAILED';

const pauseAfter = (attempt: number): number => around(doublingPause(attempt, pauses));

function why(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError')
    return `no answer within ${answerLimit / 1000} s`;
  return reasonOf(error);
}
