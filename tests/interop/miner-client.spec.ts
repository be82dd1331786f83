import { afterAll, describe } from 'vitest';
import { minerClientChecks } from './checks/miner-client.ts';
import { generations } from './environment.ts';
import { Peer } from './peer.ts';

const peers = (await Promise.all(generations.map((generation) => Peer.start(generation)))).filter(
  (peer) => peer !== null,
);
const canCheck = peers.length === generations.length;

afterAll(async () => {
  for (const peer of peers) await peer.stop();
});

describe.skipIf(!canCheck).each(generations)(
  "the %s packages' client of miners and our miner",
  { timeout: 60_000 },
  (generation) => {
    minerClientChecks(generation, peers[generations.indexOf(generation)]!);
  },
);
