import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Keypair } from '@horde/identity';
import { DevnetChain, PylonChain } from '@horde/chain';
import { startDevnet } from '../../apps/devnet/src/testing/start-devnet.ts';
import { chainConformance, type ChainUnderTest } from '../../libs/chain/src/testing/conformance.ts';

const netuid = 12;
const identity = { name: 'validator', token: 'a-token' };

/** The adapter, on a devnet of its own. */
async function onDevnet(Adapter: typeof PylonChain): Promise<ChainUnderTest> {
  const devnet = await startDevnet({ blockTime: 0.05, netuid });
  const hotkeys = [0, 1, 2, 3].map((seed) => Keypair.fromSeed(new Uint8Array(32).fill(seed + 1)).address);
  await devnet.call('PUT', `/devnet/identities/${identity.name}`, {
    hotkey: hotkeys[0],
    token: identity.token,
  });
  const chain = new Adapter({ address: devnet.address, netuid, identity });
  return {
    chain,
    unreachable: new Adapter({ address: await closedPort(), netuid, identity }),
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
    close: () => devnet.close(),
  };
}

chainConformance('a Pylon that the devnet plays', () => onDevnet(PylonChain), {
  announce: false,
  hyperparameters: false,
});
chainConformance("the devnet's whole API", () => onDevnet(DevnetChain), {
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
