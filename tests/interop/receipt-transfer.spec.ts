import { afterAll, describe } from 'vitest';
import { receiptTransferChecks } from './checks/receipt-transfer.ts';
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
  "the %s packages' transfer of receipts, from our miner",
  { timeout: 60_000 },
  (generation) => {
    receiptTransferChecks(generation, peers[generations.indexOf(generation)]!);
  },
);
