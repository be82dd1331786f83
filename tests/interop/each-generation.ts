import { because } from '@horde/testing/missing';
import { afterAll, describe } from 'vitest';
import { generations, type Generation } from './environment.ts';
import { startPeers, type Peer } from './peer.ts';

/** Checks a part of each generation's packages with a Python peer of it; nothing when one cannot be had. @param what the part */
export async function withEachGeneration(
  what: string,
  checks: (generation: Generation, peer: Peer) => void,
): Promise<void> {
  const { peers, missing } = await startPeers();
  afterAll(async () => {
    for (const peer of peers) await peer.stop();
  });
  describe.skipIf(missing !== null).each(generations)(
    `the %s packages' ${what}${because(missing)}`,
    { timeout: 60_000 },
    (generation) => {
      checks(generation, peers[generations.indexOf(generation)]!);
    },
  );
}
