import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Keypair } from '@horde/identity';
import {
  DevnetChain,
  PylonAndSubtensor,
  PylonChain,
  SubtensorChain,
  type PylonOptions,
  type SigningChain,
} from '@horde/chain';
import { startDevnet } from '../../apps/devnet/src/testing/start-devnet.ts';
import { chainConformance, type ChainUnderTest } from '../../libs/chain/src/testing/conformance.ts';
import { ScriptedNode } from '../../libs/chain/src/testing/scripted-node.ts';

const netuid = 12;
const identity = { name: 'validator', token: 'a-token' };

/** The adapter, on a devnet of its own. */
async function onDevnet(
  adapter: (options: PylonOptions, node: string) => SigningChain,
): Promise<ChainUnderTest> {
  const node = await ScriptedNode.start();
  const devnet = await startDevnet({ blockTime: 0.05, netuid });
  const hotkeys = [0, 1, 2, 3].map((seed) => Keypair.fromSeed(new Uint8Array(32).fill(seed + 1)).address);
  await devnet.call('PUT', `/devnet/identities/${identity.name}`, {
    hotkey: hotkeys[0],
    token: identity.token,
  });
  const chain = adapter({ address: devnet.address, netuid, identity }, node.address);
  const nowhere = await closedPort();
  return {
    chain,
    unreachable: adapter({ address: nowhere, netuid, identity }, nowhere.replace('http', 'ws')),
    hotkeys: hotkeys as [string, string, string, string],
    register: async ({ hotkey, coldkey, address, totalStake, validatorPermit }) => {
      const participant = { coldkey, stake: totalStake, validator_permit: validatorPermit, axon: address };
      const { status, body } = await devnet.call('PUT', `/devnet/neurons/${hotkey}`, participant);
      if (status !== 200) throw new Error(JSON.stringify(body));
    },
    nextBlock: async () => {
      const { number } = await chain.latestBlock();
      while ((await chain.latestBlock()).number === number) await sleep(10);
    },
    close: async () => {
      await devnet.close();
      await node.stop();
    },
  };
}

chainConformance('a Pylon that the devnet plays', () => onDevnet((options) => new PylonChain(options)), {
  announce: false,
  hyperparameters: false,
});
chainConformance(
  "that Pylon, and one of the chain's nodes",
  () =>
    onDevnet(
      (options, address) =>
        new PylonAndSubtensor(options, new SubtensorChain({ address, archive: null, netuid })),
    ),
  { announce: false, hyperparameters: true },
);
chainConformance("the devnet's whole API", () => onDevnet((options) => new DevnetChain(options)), {
  announce: true,
  hyperparameters: true,
});

/** Where nobody listens any more. */
async function closedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
