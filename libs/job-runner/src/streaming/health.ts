import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { why } from '../wording.ts';

/** Where a streaming job serves HTTP, by ComputeHorde's contract with its images. */
export const jobPort = 8000;

/** Between two tries, in milliseconds. */
const tryInterval = 250;
/** After how long an answer that has not come is worth a word, in milliseconds. */
const slowAfter = 1_000;
/** How long one answer may take, in milliseconds. */
const answerLimit = 5_000;

/**
 * Asks a job for `GET /health` until it answers with 200.
 *
 * @param onAnswer gets what else came, as the end of a sentence that begins with "GET /health: "
 * @throws the signal's reason on abort
 */
export async function untilHealthy(
  host: string,
  signal: AbortSignal,
  onAnswer: (answer: string) => void,
): Promise<void> {
  const slow = () => onAnswer('no answer came yet');
  slow();
  for (;;) {
    signal.throwIfAborted();
    const timer = setTimeout(slow, slowAfter);
    const answer = await ask(host, signal).catch((error: unknown) => why(error));
    clearTimeout(timer);
    signal.throwIfAborted();
    if (answer === 200) return;
    onAnswer(typeof answer === 'number' ? `it was answered with HTTP ${answer}` : answer);
    // By itself: a proxy's container has these files, and no packages.
    await sleep(tryInterval, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

async function ask(host: string, signal: AbortSignal): Promise<number> {
  const limit = AbortSignal.timeout(answerLimit);
  const request = http.get({
    host,
    port: jobPort,
    path: '/health',
    agent: false,
    signal: AbortSignal.any([signal, limit]),
  });
  try {
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    return response.statusCode!;
  } catch (error) {
    throw limit.aborted ? new Error(`no answer came within ${answerLimit / 1000} s`) : error;
  } finally {
    request.on('error', () => {}); // of the body, which nobody reads
    request.destroy();
  }
}
