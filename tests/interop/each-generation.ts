import { afterAll, describe } from 'vitest';
import { generations, type Generation } from './environment.ts';
import { Peer } from './peer.ts';

/** Checks a part of each generation's packages with a Python peer of it; nothing when one cannot be had. @param what the part */
export async function withEachGeneration(
  what: string,
  checks: (generation: Generation, peer: Peer) => void,
): Promise<void> {
  const peers = (await Promise.all(generations.map((generation) => Peer.start(generation)))).filter(
    (peer) => peer !== null,
  );
  afterAll(async () => {
    for (const peer of peers) await peer.stop();
  });
  const canCheck = peers.length === generations.length;
  describe.skipIf(!canCheck).each(generations)(
    `the %s packages' ${what}`,
    { timeout: 60_000 },
    (generation) => {
      checks(generation, peers[generations.indexOf(generation)]!);
    },
  );
}
