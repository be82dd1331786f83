import type { Manifest } from '@horde/protocol';
import type { MinerAddress, MinerClient } from '../miner/miner-client.ts';

/** How long a miner may take to tell its manifest, the connection included. @unit ms */
const limit = 30_000;
/** How the reason begins where a miner took longer. */
export const tooLate = 'no answer within';

/**
 * Asks a miner what it offers.
 *
 * @throws Error that says why it did not tell
 */
export async function askManifest(
  client: MinerClient,
  miner: MinerAddress,
  stopping: AbortSignal,
): Promise<Manifest> {
  const late = AbortSignal.timeout(limit);
  const signal = AbortSignal.any([stopping, late]);
  const received = Promise.withResolvers<Manifest>();
  const connection = await client.connect(miner, {
    attempts: 1,
    signal,
    onMessage: (message) => {
      if (message.message_type === 'V0ExecutorManifestRequest')
        received.resolve(message.manifest as Manifest);
    },
  });
  const giveUp = () => received.reject(new Error(late.aborted ? `${tooLate} ${limit / 1000} s` : 'stopping'));
  signal.addEventListener('abort', giveUp);
  void connection.closed.then(({ code, reason }) =>
    received.reject(new Error(`closed with ${code} ${reason}`.trim())),
  );
  try {
    return await received.promise;
  } finally {
    signal.removeEventListener('abort', giveUp);
    connection.close();
  }
}
