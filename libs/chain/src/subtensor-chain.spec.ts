import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChainError } from './chain.ts';
import { SubtensorChain, subtensorAddress } from './subtensor-chain.ts';
import { blockPromises } from './testing/blocks.ts';
import { recordedHyperparameters as recorded, ScriptedNode } from './testing/scripted-node.ts';

const told = { tempo: 100, minAllowedWeights: 0, maxWeightLimit: 65_535, commitRevealEnabled: false };
const timestampNow = '0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb';

let node: ScriptedNode;
let archive: ScriptedNode;

beforeEach(async () => {
  [node, archive] = [await ScriptedNode.start(), await ScriptedNode.start()];
  for (const { times } of [node, archive])
    times.push(1_767_225_600_001, 1_767_225_612_003, 1_767_225_630_000);
});
afterEach(async () => {
  await node.stop();
  await archive.stop();
});

const chainWith = (options: { archive?: string | null; limit?: number } = {}) =>
  new SubtensorChain({ address: node.address, archive: null, netuid: 12, ...options });

async function failure(call: Promise<unknown>): Promise<ChainError> {
  const error = await call.then(
    () => expect.unreachable('it succeeded'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ChainError);
  return error as ChainError;
}

describe('the chain over its own nodes', () => {
  blockPromises(() => ({ chain: chainWith(), nextBlock: async () => node.makeBlock() }), {
    hyperparameters: true,
  });

  it('where no node is, every call fails with a ChainError', async () => {
    const chain = chainWith();
    await node.stop();
    const calls = [chain.latestBlock(), chain.blockTime(1), chain.hyperparameters()];
    for (const error of await Promise.all(calls.map(failure)))
      expect(error).toMatchObject({
        kind: 'unreachable',
        message: expect.stringContaining(`The chain's node at ${node.address} does not answer: `),
      });
    node = await ScriptedNode.start();
  });
});

describe("a block's time", () => {
  it('is what the state of that block has under Timestamp.Now', async () => {
    const chain = chainWith();
    expect([await chain.blockTime(1), await chain.blockTime(2)]).toEqual([
      1_767_225_600_001, 1_767_225_612_003,
    ]);
    expect(node.seen.slice(0, 2)).toEqual([
      ['chain_getBlockHash', [1]],
      ['state_getStorage', [timestampNow, node.hash(1)]],
    ]);
  });

  it('is none for the very first block', async () => {
    expect(await chainWith().blockTime(0)).toBeNull();
  });

  it('comes from the archive when the node does not keep that state any more', async () => {
    node.keptFrom = 3;
    const chain = chainWith({ archive: archive.address });
    expect(await chain.blockTime(2)).toBe(1_767_225_612_003);
    expect(archive.seen).toEqual([['state_getStorage', [timestampNow, archive.hash(2)]]]);
    await chain.blockTime(3);
    expect(archive.seen).toHaveLength(1);
  });

  it('that nobody keeps any more is refused, with a sentence', async () => {
    node.keptFrom = 3;
    expect((await failure(chainWith().blockTime(2))).message).toBe(
      `The chain's node at ${node.address} does not know any more what was in block 2.`,
    );
  });

  it('does not come from the archive of another chain', async () => {
    node.keptFrom = 3;
    const other = await ScriptedNode.start('another chain');
    const error = await failure(chainWith({ archive: other.address }).blockTime(2));
    await other.stop();
    expect(error).toMatchObject({
      kind: 'absent',
      message: expect.stringContaining(`nor does its archive at ${other.address}.`),
    });
  });
});

describe('what the subnet asks of those who take part', () => {
  it.each([
    ['the one of now', `0x01${recorded}`],
    ['an older one, in bytes', `0x1901${recorded}`],
  ])("is read from a runtime's own answer: %s", async (_which, answer) => {
    node.runtimeAnswer = answer;
    expect(await chainWith().hyperparameters()).toEqual(told);
    expect(node.seen).toEqual([['state_call', ['SubnetInfoRuntimeApi_get_subnet_hyperparams', '0x0c00']]]);
  });

  it('is nothing where there is no such subnet', async () => {
    node.runtimeAnswer = '0x00';
    expect(await failure(chainWith().hyperparameters())).toMatchObject({
      kind: 'refused',
      message: `The chain at ${node.address} has no subnet 12.`,
    });
  });

  it.each([['0x'], ['0x0104'], ['0x1'], [`0x01${recorded.slice(0, 60)}`], ['0x1901'], [5], [null]])(
    'is unreadable where the answer is something else: %j',
    async (answer) => {
      node.runtimeAnswer = answer;
      expect(await failure(chainWith().hyperparameters())).toMatchObject({ kind: 'unreadable' });
    },
  );
});

describe('a call', () => {
  it('shares its connection with others', async () => {
    const chain = chainWith();
    await Promise.all([1, 2, 3, 1, 2, 3].map((block) => chain.blockTime(block)));
    expect(node.connections).toBe(1);
  });

  it('that is not answered is made again on another connection, and given up after the third time', async () => {
    node.instead = () => 'nothing';
    const error = await failure(chainWith({ limit: 50 }).latestBlock());
    expect(error).toMatchObject({
      kind: 'unreachable',
      message: `The chain's node at ${node.address} does not answer: no answer within 0.05 s.`,
    });
    expect([node.seen.length, node.connections]).toEqual([3, 3]);
  });

  it('whose connection ends is made again', async () => {
    let ends = 2;
    node.instead = () => {
      if (ends-- <= 0) return undefined;
      node.hangUp();
      return 'nothing';
    };
    expect(await chainWith().latestBlock()).toEqual({ number: 3, hash: node.hash(3) });
  });

  it('goes over a new connection when the node has closed the old one', async () => {
    const chain = chainWith();
    await chain.latestBlock();
    node.hangUp();
    expect((await chain.latestBlock()).number).toBe(3);
    expect(node.connections).toBe(2);
  });

  it.each([
    [-32_601, 'refused'],
    [-32_000, 'unreachable'],
  ])('that is answered with error %i, which is %s, is not made again', async (code, kind) => {
    node.instead = () => ({ error: { code, message: 'too busy' } });
    expect(await failure(chainWith().latestBlock())).toMatchObject({
      kind,
      message: `The chain's node at ${node.address} answered chain_getBlockHash with error ${code}: too busy`,
    });
    expect(node.seen).toHaveLength(1);
  });

  it.each([
    ['of no call', { id: 77, result: '0x09' }],
    ['without an id', { id: null, result: 'x' }],
  ])('does not take an answer %s for its own', async (_what, stray) => {
    node.instead = (call, socket) => {
      socket.send('no JSON');
      socket.send('[]');
      socket.send(JSON.stringify(stray));
      return undefined;
    };
    expect(await chainWith().latestBlock()).toEqual({ number: 3, hash: node.hash(3) });
  });

  it.each([
    ['chain_getBlockHash', '0x12', 'the hash of a block is not 32 bytes in hex'],
    ['chain_getHeader', null, 'the number of a block is not a number in hex'],
    ['chain_getHeader', { number: 5 }, 'the number of a block is not a number in hex'],
  ])('whose answer is something else is unreadable: %s %j', async (method, result, sentence) => {
    node.instead = (call) => (call.method === method ? { result } : undefined);
    expect(await failure(chainWith().latestBlock())).toMatchObject({
      kind: 'unreadable',
      message: expect.stringContaining(sentence),
    });
  });
});

describe('where a node is', () => {
  it.each([
    ['finney', 'wss://entrypoint-finney.opentensor.ai:443'],
    ['archive', 'wss://archive.chain.opentensor.ai:443'],
    ['test', 'wss://test.finney.opentensor.ai:443'],
    ['local', 'ws://127.0.0.1:9944'],
    ['wss://node.example/key', 'wss://node.example/key'],
    ['constructor', null],
    ['http://node.example', null],
    ['', null],
  ])('is told by %j: %s', (network, address) => {
    expect(subtensorAddress(network)).toBe(address);
  });

  it.each([['node.example:9944'], ['https://node.example'], ['']])(
    'cannot be an address of another kind: %j',
    (address) => {
      expect(() => new SubtensorChain({ address, archive: null, netuid: 12 })).toThrow(
        'must begin with ws:// or wss://',
      );
    },
  );

  it('is told without what may be a key in its address', async () => {
    const address = `${node.address}/a-secret-key?token=a-secret-key`;
    node.instead = () => ({ error: { code: 1, message: 'no' } });
    const chain = new SubtensorChain({ address, archive: null, netuid: 12 });
    expect((await failure(chain.latestBlock())).message).not.toContain('a-secret-key');
  });
});
