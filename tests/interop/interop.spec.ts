import { because } from '@horde/testing/missing';
import { afterAll, beforeAll, describe } from 'vitest';
import { clientChecks } from './checks/client.ts';
import { messageChecks } from './checks/messages.ts';
import { differencesAreUsed, oddValueChecks } from './checks/odd-values.ts';
import { receiptChecks } from './checks/receipts.ts';
import { requestChecks } from './checks/requests.ts';
import { signatureChecks } from './checks/signatures.ts';
import { generations } from './environment.ts';
import { startNetwork, type RunningNetwork } from './network.ts';
import { startPeers } from './peer.ts';

// Without Python or a package registry there is nothing to check against.
const { peers, missing } = await startPeers();

afterAll(async () => {
  for (const peer of peers) await peer.stop();
});

describe.skipIf(missing !== null).each(generations)(
  `%s packages${because(missing)}`,
  { timeout: 120_000 },
  (generation) => {
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
  },
);

describe.skipIf(missing !== null)(`both packages${because(missing)}`, () => {
  differencesAreUsed();
});

describe.skipIf(missing !== null)(`the SDK and a network of ours${because(missing)}`, () => {
  let network: RunningNetwork;
  beforeAll(async () => {
    network = await startNetwork();
  }, 180_000);
  afterAll(() => network?.stop(), 60_000);

  describe.each(generations)('%s client', (generation) => {
    clientChecks(peers[generations.indexOf(generation)]!, () => network);
  });
});
