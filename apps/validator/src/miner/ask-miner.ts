import type { MinerMessage } from '../jobs/outcome.ts';
import type { MinerAddress, MinerClient } from './miner-client.ts';

/** The miner let us in and did not answer in time. */
export class NoAnswerInTime extends Error {}

/** What a miner is to be asked, over a connection of its own. */
export interface MinerQuestion<T> {
  /** How many times the connection is tried. */
  attempts: number;
  /** How long it may take, the connection included. @unit ms */
  limit: number;
  /** Ends it, too. @default nothing does */
  stopping?: AbortSignal;
  /** Sent when the connection is open. @default nothing: the miner sends by itself */
  message?: { message_type: string };
  /** The answer that a message of the miner's is; undefined: it is another one. */
  answer: (message: MinerMessage) => T | undefined;
}

/**
 * Asks a miner something, and ends the connection.
 *
 * @throws NoAnswerInTime, or another Error that says why there is no answer
 */
export async function askMiner<T>(
  client: MinerClient,
  miner: MinerAddress,
  { attempts, limit, stopping, message: question, answer }: MinerQuestion<T>,
): Promise<T> {
  const late = AbortSignal.timeout(limit);
  const signal = stopping ? AbortSignal.any([stopping, late]) : late;
  const received = Promise.withResolvers<T>();
  received.promise.catch(() => undefined); // it may fail before it is waited for
  const link = await client.connect(miner, {
    attempts,
    signal,
    onMessage: (message) => {
      const found = answer(message);
      if (found !== undefined) received.resolve(found);
    },
  });
  const giveUp = () =>
    received.reject(
      late.aborted ? new NoAnswerInTime(`no answer within ${limit / 1000} s`) : new Error('stopping'),
    );
  signal.addEventListener('abort', giveUp);
  if (signal.aborted) giveUp();
  void link.closed.then(({ code, reason }) =>
    received.reject(new Error(`closed with ${code} ${reason}`.trim())),
  );
  try {
    if (question) await link.sendMessage('', question);
    return await received.promise;
  } finally {
    signal.removeEventListener('abort', giveUp);
    link.close();
  }
}
