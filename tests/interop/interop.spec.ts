import { afterAll, beforeAll, describe } from 'vitest';
import { clientChecks } from './checks/client.ts';
import { messageChecks } from './checks/messages.ts';
import { differencesAreUsed, oddValueChecks } from './checks/odd-values.ts';
import { receiptChecks } from './checks/receipts.ts';
import { requestChecks } from './checks/requests.ts';
import { signatureChecks } from './checks/signatures.ts';
import { generations } from './environment.ts';
import { startNetwork, type RunningNetwork } from './network.ts';
import { Peer } from './peer.ts';

const peers = (await Promise.all(generations.map((generation) => Peer.start(generation)))).filter(
  (peer) => peer !== null,
);
/** Without Python or a package registry there is nothing to check against; `./horde interop` says which it is. */
const canCheck = peers.length === generations.length;

afterAll(async () => {
  for (const peer of peers) await peer.stop();
});

describe.skipIf(!canCheck).each(generations)('%s packages', { timeout: 120_000 }, (generation) => {
  const peer = peers[generations.indexOf(generation)]!;
  describe('messages', () => {
    messageChecks(generation, peer);
  });
  describe('odd values', () => {
    oddValueChecks(generation, peer);
  });
  describe('signatures', () => {
    signatureChecks(generation, peer);
  });
  describe('receipts', () => {
    receiptChecks(generation, peer);
  });
  describe('requests', () => {
    requestChecks(generation, peer);
  });
});

describe.skipIf(!canCheck)('both packages', () => {
  differencesAreUsed();
});

describe.skipIf(!canCheck)('the SDK and a network of ours', () => {
  let network: RunningNetwork;
  beforeAll(async () => {
    network = await startNetwork();
  }, 180_000);
  afterAll(() => network?.stop(), 60_000);

  describe.each(generations)('%s client', (generation) => {
    clientChecks(peers[generations.indexOf(generation)]!, () => network);
  });
});
