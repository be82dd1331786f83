import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveProxy } from '@horde/testing/http-proxy';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ChainError, PylonChain } from './index.ts';
import { PylonHttp } from './pylon-http.ts';

const token = 'a-token-nobody-sees';
const hotkey = '5EsNLFaGe9XK5LzWH3i6eC2Wqv6YqZS1442N1C4yeSdP6uxy';
const block = { number: 7, hash: '0x07' };

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let seen: { call: string; authorization: string | undefined }[];
let answers: Record<string, Answer>;

const json =
  (status: number, body: unknown): Answer =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const hangUp: Answer = (request) => void request.socket.destroy();

beforeEach(async () => {
  seen = [];
  answers = { 'POST /api/v1/login/identity/miner': json(200, { netuid: 12, identity_name: 'miner' }) };
  server = createServer((request, response) => {
    const call = `${request.method} ${request.url}`;
    seen.push({ call, authorization: request.headers.authorization });
    request
      .resume()
      .on('end', () => (answers[call] ?? json(404, { detail: 'Not Found' }))(request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));

const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const miner = (netuid = 12) =>
  new PylonChain({ address: address(), netuid, identity: { name: 'miner', token } });
const reader = () => new PylonChain({ address: address(), netuid: 12, openAccessToken: token });
const open = 'GET /api/v1/subnet/12/block/latest';
const own = 'GET /api/v1/identity/miner/subnet/12/block/latest';
const calls = () => seen.map(({ call }) => call);

/** A neuron as Pylon writes it. */
const neuron = (facts: object = {}) => ({
  uid: 3,
  coldkey: hotkey,
  hotkey,
  active: true,
  axon_info: { ip: '203.0.113.7', port: 8000, protocol: 4 },
  stake: 1.5,
  rank: 0,
  emission: 1.25,
  incentive: 0.5,
  consensus: 0,
  trust: 0,
  validator_trust: 0,
  dividends: 0,
  last_update: 1,
  validator_permit: true,
  pruning_score: 0,
  stakes: { alpha: 1, tao: 2, total: 3.5 },
  ...facts,
});

async function failure(call: Promise<unknown>): Promise<ChainError> {
  const error = await call.then(
    () => expect.unreachable('it succeeded'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ChainError);
  expect((error as Error).message).not.toContain(token);
  return error as ChainError;
}

describe('who asks', () => {
  it('without an identity is the open scope with its token', async () => {
    answers[`${open}/neurons`] = json(200, { block, neurons: { [hotkey]: neuron() } });
    expect(await reader().neurons()).toEqual({
      block,
      neurons: [
        {
          uid: 3,
          hotkey,
          coldkey: hotkey,
          address: { ip: '203.0.113.7', port: 8000 },
          totalStake: 3.5,
          validatorPermit: true,
          lastUpdate: 1,
          incentive: 0.5,
          emission: 1.25,
        },
      ],
    });
    expect(seen).toEqual([{ call: `${open}/neurons`, authorization: `Bearer ${token}` }]);
  });

  it('an identity logs in once, however many calls begin at once', async () => {
    answers[`${own}/validators`] = json(200, { block, validators: [] });
    const chain = miner();
    await Promise.all([chain.validators(), chain.validators()]);
    expect(calls().filter((call) => call.startsWith('POST'))).toHaveLength(1);
    expect(seen.every(({ authorization }) => authorization === `Bearer ${token}`)).toBe(true);
  });

  it.each([401, 403])(
    'an identity that is answered %i logs in again and repeats the call',
    async (status) => {
      let refusals = 1;
      answers[`${own}/validators`] = (...to) =>
        (refusals-- > 0 ? json(status, { detail: 'session expired' }) : json(200, { block, validators: [] }))(
          ...to,
        );
      expect(await miner().validators()).toEqual({ block, validators: [] });
      expect(calls()).toHaveLength(4);
    },
  );

  it('an identity that stays refused is told so after the second time', async () => {
    answers[`${own}/validators`] = json(403, { detail: `no such token: ${token}` });
    const error = await failure(miner().validators());
    expect(error).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('403: no such token: [secret]'),
    });
    expect(calls()).toHaveLength(4);
  });

  it('an identity of another subnet is refused before it writes there', async () => {
    expect(await failure(miner(13).setWeights(new Map([[hotkey, 1]])))).toMatchObject({
      message: `The identity miner of Pylon at ${address()} is of subnet 12, not 13.`,
    });
    expect(calls()).toEqual(['POST /api/v1/login/identity/miner']);
  });

  it('a newer Pylon without logins is asked for its identities', async () => {
    delete answers['POST /api/v1/login/identity/miner'];
    answers['GET /api/v1/identities'] = json(200, { identities: { miner: 12 } });
    answers[`${own}/validators`] = json(200, { block, validators: [] });
    expect(await miner().validators()).toEqual({ block, validators: [] });
  });

  it('an identity that Pylon does not know is no missing commitment', async () => {
    delete answers['POST /api/v1/login/identity/miner'];
    const error = await failure(miner().ownCommitment());
    expect(error.message).toBe(`Pylon at ${address()} knows no identity named miner.`);
  });

  it('without an identity nobody signs', async () => {
    expect(await failure(reader().setCommitment('x'))).toMatchObject({ kind: 'refused' });
    expect(await failure(reader().setWeights(new Map([[hotkey, 1]])))).toMatchObject({ kind: 'refused' });
    expect(await failure(reader().ownCommitment())).toMatchObject({ kind: 'refused' });
    expect(seen).toEqual([]);
  });
});

it("a Pylon elsewhere is asked over the operator's proxy", async () => {
  const proxy = await serveProxy(server.address() as AddressInfo);
  vi.stubEnv('http_proxy', proxy.url);
  onTestFinished(() => void vi.unstubAllEnvs());
  answers[`${open}/validators`] = json(200, { block, validators: [] });
  const chain = new PylonChain({ address: 'http://pylon.example', netuid: 12, openAccessToken: token });
  expect(await chain.validators()).toEqual({ block, validators: [] });
  expect(proxy.asked).toEqual(['http://pylon.example/api/v1/subnet/12/block/latest/validators']);
  expect(await reader().validators()).toEqual({ block, validators: [] });
  expect(proxy.asked).toHaveLength(1);
});

describe('a call that is not answered', () => {
  it('is made again', async () => {
    let faults = 2;
    answers[`${open}/validators`] = (...to) =>
      (faults-- > 0 ? hangUp : json(200, { block, validators: [] }))(...to);
    expect(await reader().validators()).toEqual({ block, validators: [] });
    expect(calls()).toHaveLength(3);
  });

  it('is given up after the third time, with a sentence that names the address', async () => {
    answers[`${open}/validators`] = hangUp;
    const error = await failure(reader().validators());
    expect(error.kind).toBe('unreachable');
    expect(error.message).toContain(`Pylon at ${address()} does not answer: `);
    expect(calls()).toHaveLength(3);
  });
});

it.each<[string, Answer]>([
  ['never begins', () => undefined],
  ['never ends', (_request, response) => void response.writeHead(200).write('{"block":')],
])('an answer that %s counts as none when its time is over', async (_what, answer) => {
  answers['GET /slow'] = answer;
  const http = new PylonHttp(address(), [token]);
  expect(await failure(http.ask({ method: 'GET', path: '/slow', timeout: 50 }))).toMatchObject({
    kind: 'unreachable',
    message: `Pylon at ${address()} does not answer: no answer within 0.05 s.`,
  });
  expect(calls()).toHaveLength(3);
});

describe('an answer', () => {
  it.each([
    [404, 'absent'],
    [400, 'refused'],
    [429, 'unreachable'],
    [502, 'unreachable'],
    [503, 'unreachable'],
  ])('that is an error is final: after %i, which is %s, the call is not made again', async (status, kind) => {
    answers[`${open}/validators`] = json(status, { detail: 'no such thing' });
    expect(await failure(reader().validators())).toMatchObject({
      kind,
      message: `Pylon at ${address()} answered GET /api/v1/subnet/12/block/latest/validators with ${status}: no such thing`,
    });
    expect(calls()).toHaveLength(1);
  });

  it('that leads elsewhere is not followed: the token would go along', async () => {
    answers[`${open}/validators`] = (_request, response) =>
      void response.writeHead(308, { location: `${address()}/elsewhere` }).end();
    expect((await failure(reader().validators())).message).toContain('308');
    expect(calls()).toHaveLength(1);
  });

  it.each([
    ['no JSON', undefined, 'the answer is not an object'],
    ['a list', [], 'the answer is not an object'],
    ['without a block', { neurons: {} }, 'block is not an object'],
    ['without neurons', { block }, 'neurons is not an object'],
    [
      'with a block number that is text',
      { block: { number: '7', hash: '' }, neurons: {} },
      'block.number is not a whole number',
    ],
    ['with a neuron that is null', { block, neurons: { x: null } }, 'a neuron is not an object'],
    [
      'with a permit that is text',
      { block, neurons: { x: neuron({ validator_permit: 'no' }) } },
      `validator_permit of ${hotkey} is not true or false`,
    ],
    [
      'without stakes',
      { block, neurons: { x: neuron({ stakes: undefined }) } },
      `stakes of ${hotkey} is not an object`,
    ],
    [
      'without an axon',
      { block, neurons: { x: neuron({ axon_info: null }) } },
      `axon_info of ${hotkey} is not an object`,
    ],
  ])('of another shape is called that: %s', async (_what, body, sentence) => {
    answers[`${open}/neurons`] = body ? json(200, body) : (_request, response) => void response.end('<html>');
    const error = await failure(reader().neurons());
    expect(error).toMatchObject({ kind: 'unreadable', message: expect.stringContaining(sentence) });
  });

  it.each([
    ['0.0.0.0', 8000],
    ['::', 8000],
    ['203.0.113.7', 0],
    ['nonsense', 8000],
    ['', 8000],
    ['203.0.113.7', 65_536],
  ])('with the address %j port %i is of someone who cannot be reached', async (ip, port) => {
    answers[`${open}/neurons`] = json(200, {
      block,
      neurons: { [hotkey]: neuron({ axon_info: { ip, port, protocol: 0 } }) },
    });
    expect((await reader().neurons()).neurons).toMatchObject([{ address: null }]);
  });
});

describe('the newest block', () => {
  it('is asked for where Pylon tells it', async () => {
    answers['GET /api/v1/block/latest'] = json(200, { ...block, timestamp: 1 });
    expect(await reader().latestBlock()).toEqual(block);
    expect(calls()).toHaveLength(1);
  });

  it('is that of the validators where Pylon is too old to tell it', async () => {
    answers[`${open}/validators`] = json(200, { block, validators: [] });
    const chain = reader();
    expect([await chain.latestBlock(), await chain.latestBlock()]).toEqual([block, block]);
    expect(calls()).toEqual(['GET /api/v1/block/latest', `${open}/validators`, `${open}/validators`]);
  });
});

describe("a block's time", () => {
  const timestamp = 'GET /api/v1/block/7/extrinsic/0';
  const extrinsic = (call: object) => json(200, { block_number: 7, extrinsic_index: 0, call });
  const set = (value: unknown, call_module = 'Timestamp') =>
    extrinsic({ call_module, call_function: 'set', call_args: [{ name: 'now', type: 'Moment', value }] });

  it.each([[1_767_225_600_001], ['1767225600001']])(
    'is read to the millisecond from its first extrinsic: %j',
    async (value) => {
      answers[timestamp] = set(value);
      expect(await reader().blockTime(7)).toBe(1_767_225_600_001);
      expect(seen).toEqual([{ call: timestamp, authorization: `Bearer ${token}` }]);
    },
  );

  it.each([404, 401])(
    'is not told by a Pylon that answers %i, and that is asked again after ten minutes',
    async (status) => {
      answers[timestamp] = json(status, { detail: 'Not Found' });
      answers['GET /api/v1/subnet/12/block/7/validators'] = json(200, { block, validators: [] });
      const chain = reader();
      expect([await chain.blockTime(7), await chain.blockTime(8)]).toEqual([null, null]);
      expect(calls()).toEqual([timestamp, 'GET /api/v1/subnet/12/block/7/validators', timestamp]);
      answers[timestamp] = set(5);
      const later = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 600_001);
      expect(await chain.blockTime(7)).toBe(5);
      later.mockRestore();
    },
  );

  it('of a block that is still to come is absent, and told once it is there', async () => {
    const chain = reader();
    expect(await failure(chain.blockTime(7))).toMatchObject({ kind: 'absent' });
    answers[timestamp] = set(5);
    expect(await chain.blockTime(7)).toBe(5);
  });

  it.each([
    ['another call', set(1, 'Drand'), 'the first extrinsic is Drand.set, not Timestamp.set'],
    ['no call', json(200, {}), 'call is not an object'],
    ['no time', set(undefined), 'the value of now is not a whole number'],
    ['half a millisecond', set(0.5), 'the value of now is not a whole number'],
  ])('is unreadable where the extrinsic is %s', async (_what, answer, sentence) => {
    answers[timestamp] = answer;
    expect(await failure(reader().blockTime(7))).toMatchObject({
      kind: 'unreadable',
      message: expect.stringContaining(sentence),
    });
  });
});

describe('a commitment', () => {
  it.each([['0x3c4d3a3e'], ['3C4D3A3E']])('is read with and without 0x: %s', async (hex) => {
    answers[`${open}/commitments/${hotkey}`] = json(200, { block, hotkey, commitment: hex });
    expect(await reader().commitment(hotkey)).toBe('<M:>');
  });

  it.each([['0x3'], ['0xzz'], [5]])('that is not hex is unreadable: %s', async (commitment) => {
    answers[`${open}/commitments/${hotkey}`] = json(200, { block, hotkey, commitment });
    expect(await failure(reader().commitment(hotkey))).toMatchObject({ kind: 'unreadable' });
  });

  it('of bytes that are no text is refused where it would be written back', async () => {
    answers[`${own}/commitments/self`] = json(200, { block, hotkey, commitment: '0xff3c' });
    expect(await failure(miner().ownCommitment())).toMatchObject({ kind: 'unreadable' });
    answers[`${own}/commitments/${hotkey}`] = json(200, { block, hotkey, commitment: '0xff3c' });
    expect(await miner().commitment(hotkey)).toBe('\u{fffd}<');
  });

  it('of everybody comes in one answer, with the block that it is of', async () => {
    const commitments = { [hotkey]: '0x3c4d3a3e', other: 'ff3c' };
    answers[`${open}/commitments`] = json(200, { block, commitments });
    expect(await reader().commitments()).toEqual({
      block,
      commitments: new Map([
        [hotkey, '<M:>'],
        ['other', '\u{fffd}<'],
      ]),
    });
  });
});

it.each([['pylon:8000'], ['ftp://pylon'], [''], ['http://user:password@pylon:8000']])(
  'an address that cannot be one is refused at once, without its password: %j',
  (wrong) => {
    const make = () => new PylonChain({ address: wrong, netuid: 12 });
    expect(make).toThrow(ChainError);
    expect(make).not.toThrow(/password@/);
  },
);
