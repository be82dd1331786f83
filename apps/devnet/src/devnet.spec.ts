import { Keypair, ss58Decode, ss58Encode } from '@horde/identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevnet, type TestDevnet } from './testing/start-devnet.ts';

const address = (seed: number) => Keypair.fromSeed(new Uint8Array(32).fill(seed)).address;
const [validator, miner, stranger] = [address(1), address(2), address(3)];
const open = '/api/v1/subnet/12';
const own = '/api/v1/identity/validator/subnet/12';
const participant = { stake: 5, validator_permit: true, axon: { ip: '127.0.0.1', port: 8000 } };

let devnet: TestDevnet;
let now = Date.parse('2026-01-01T00:00:00Z');

beforeAll(async () => {
  devnet = await startDevnet({ now: () => now });
  await devnet.call('PUT', '/devnet/identities/validator', { hotkey: validator, token: 'right' });
  await devnet.call('PUT', `/devnet/neurons/${validator}`, participant);
  await devnet.call('PUT', `/devnet/neurons/${miner}`, {
    ...participant,
    coldkey: stranger,
    stake: 7,
    validator_permit: false,
  });
});
afterAll(() => devnet.close());

describe("Pylon's API", () => {
  it('lists neurons with every field that Pylon has', async () => {
    const { status, body } = await devnet.call('GET', `${open}/block/latest/neurons`);
    expect(status).toBe(200);
    expect(body.block).toEqual({ number: 0, hash: expect.stringMatching(/^0x[0-9a-f]{64}$/) });
    expect(Object.keys(body.neurons)).toEqual([validator, miner]);
    expect(body.neurons[miner]).toEqual({
      uid: 1,
      coldkey: stranger,
      hotkey: miner,
      active: true,
      axon_info: { ip: '127.0.0.1', port: 8000, protocol: 4 },
      stake: 7,
      rank: 0,
      emission: 0,
      incentive: 0,
      consensus: 0,
      trust: 0,
      validator_trust: 0,
      dividends: 0,
      last_update: 0,
      validator_permit: false,
      pruning_score: 0,
      stakes: { alpha: 7, tao: 0, total: 7 },
    });
    expect(body.neurons[validator].coldkey).toBe(validator);
  });

  it.each(['latest', 'recent', '0'])(
    'has neurons and validators at block %s, open and for an identity',
    async (block) => {
      for (const scope of [open, own]) {
        expect((await devnet.call('GET', `${scope}/block/${block}/neurons`)).body.neurons).toHaveProperty(
          miner,
        );
        const { body } = await devnet.call('GET', `${scope}/block/${block}/validators`);
        expect(body.validators.map(({ hotkey }: { hotkey: string }) => hotkey)).toEqual([validator]);
      }
    },
  );

  it('tells the newest block and its time in seconds, and the exact one in its first extrinsic', async () => {
    expect((await devnet.call('GET', '/api/v1/block/latest')).body).toEqual({
      number: 0,
      hash: expect.any(String),
      timestamp: now / 1000,
    });
    expect((await devnet.call('GET', '/api/v1/block/0/extrinsic/0')).body).toEqual({
      block_number: 0,
      extrinsic_index: 0,
      extrinsic_hash: expect.any(String),
      extrinsic_length: expect.any(Number),
      address: null,
      call: {
        call_module: 'Timestamp',
        call_function: 'set',
        call_args: [{ name: 'now', type: 'Moment', value: now }],
      },
    });
  });

  it('logs an identity in with its token only', async () => {
    const login = (name: string, body: unknown) =>
      devnet.call('POST', `/api/v1/login/identity/${name}`, body);
    expect(await login('validator', { token: 'right', identity_name: 'validator' })).toEqual({
      status: 200,
      body: { netuid: 12, identity_name: 'validator' },
    });
    expect(await login('validator', { token: 'wrong' })).toMatchObject({ status: 401 });
    expect(await login('validator', {})).toMatchObject({ status: 400 });
    expect(await login('constructor', { token: 'right' })).toMatchObject({ status: 404 });
  });

  it("takes an identity's call with its token or none, and refuses another", async () => {
    const ask = (authorization?: string) =>
      devnet.call('GET', `${own}/block/latest/neurons`, undefined, authorization ? { authorization } : {});
    expect((await ask()).status).toBe(200);
    expect((await ask('Bearer right')).status).toBe(200);
    expect(await ask('Bearer wrong')).toEqual({
      status: 401,
      body: { status_code: 401, detail: 'This is not the token of the identity validator.' },
    });
  });

  it.each([
    ['/api/v1/subnet/13/block/latest/neurons', 'This devnet has subnet 12 only (BITTENSOR_NETUID), not 13.'],
    ['/api/v1/identity/nobody/subnet/12/block/latest/neurons', "Identity 'nobody' not found"],
    [`${open}/block/5/neurons`, 'Block 5 is still to come: the newest is 0.'],
    [`${open}/block/5/validators`, 'Block 5 is still to come: the newest is 0.'],
    ['/api/v1/block/5/extrinsic/0', 'Block 5 not found.'],
    ['/api/v1/block/0/extrinsic/1', 'Extrinsic 1 not found in block 0.'],
    [`${open}/block/latest/commitments/${stranger}`, 'Commitment not found.'],
    [`${open}/block/latest/commitments/__proto__`, 'Commitment not found.'],
    [`${own}/block/latest/commitments/self`, 'Commitment not found.'],
  ])('answers 404 for what is not there: %s', async (path, detail) => {
    expect(await devnet.call('GET', path)).toEqual({ status: 404, body: { status_code: 404, detail } });
  });

  it('keeps commitments, and lists them', async () => {
    const set = await devnet.call('POST', `${own}/commitments`, { commitment: '3C4D3A3E' });
    expect(set).toEqual({ status: 201, body: { detail: 'Commitment set successfully.' } });
    const commitment = { hotkey: validator, commitment: '0x3c4d3a3e', commitment_block_number: 0 };
    expect((await devnet.call('GET', `${own}/block/latest/commitments/self`)).body).toMatchObject(commitment);
    expect((await devnet.call('GET', `${open}/block/latest/commitments/${validator}`)).body).toMatchObject(
      commitment,
    );
    expect((await devnet.call('GET', `${open}/block/latest/commitments`)).body).toEqual({
      block: expect.anything(),
      commitments: { [validator]: '0x3c4d3a3e' },
    });
  });

  it('makes a certificate, shows its public part, and tells the private one once', async () => {
    const none = {
      status: 404,
      body: { status_code: 404, detail: 'Certificate not found or error fetching.' },
    };
    expect(await devnet.call('GET', `${own}/block/latest/certificates/self`)).toEqual(none);
    expect(await devnet.call('GET', `${open}/block/latest/certificates/${validator}`)).toEqual(none);
    const { status, body } = await devnet.call('POST', `${own}/certificates/self`, { algorithm: 1 });
    const hex = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect([status, body]).toEqual([201, { algorithm: 1, public_key: hex, private_key: hex }]);
    const certificate = { algorithm: 1, public_key: body.public_key };
    for (const path of [
      `${own}/block/latest/certificates/self`,
      `${open}/block/latest/certificates/${validator}`,
    ])
      expect(await devnet.call('GET', path)).toEqual({ status: 200, body: certificate });
    expect((await devnet.call('GET', `${open}/block/latest/certificates`)).body).toEqual({
      [validator]: certificate,
    });
    expect(JSON.stringify((await devnet.call('GET', '/devnet/state')).body)).not.toContain(body.private_key);
  });

  it('registers many at once, each under its own number', async () => {
    const many = Object.fromEntries([20, 21, 22].map((seed) => [address(seed), participant]));
    const { status, body } = await devnet.call('PUT', '/devnet/neurons', many);
    expect([status, body.map(({ uid }: { uid: number }) => uid)]).toEqual([200, [2, 3, 4]]);
    for (const hotkey of Object.keys(many)) await devnet.call('DELETE', `/devnet/neurons/${hotkey}`);
  });

  it('changes what the subnet asks, and leaves what is not named', async () => {
    const before = (await devnet.call('GET', '/devnet/hyperparameters')).body;
    expect(before).toEqual({
      tempo: 360,
      min_allowed_weights: 1,
      max_weight_limit: 65_535,
      commit_reveal_enabled: false,
      commit_reveal_period: 1,
    });
    const changed = await devnet.call('PUT', '/devnet/hyperparameters', { tempo: 99 });
    expect(changed.body).toEqual({ ...before, tempo: 99 });
    await devnet.call('PUT', '/devnet/hyperparameters', { tempo: 360 });
  });

  it('keeps weights, to be seen with everything else', async () => {
    const answer = await devnet.call('PUT', `${own}/weights`, { weights: { [miner]: 0.5, [stranger]: 1 } });
    expect(answer).toEqual({ status: 200, body: { detail: 'weights update scheduled', count: 2 } });
    const { body } = await devnet.call('GET', '/devnet/state');
    expect(body.weights).toEqual([{ block: 0, hotkey: validator, weights: { [miner]: 0.5 } }]);
    expect(body.commitments[validator]).toEqual({ block: 0, hex: '0x3c4d3a3e', text: '<M:>' });
    expect(body.identities).toEqual({ validator: { hotkey: validator } });
    expect(JSON.stringify(body)).not.toContain('oken');
  });

  it('writes the address of an identity for its token only', async () => {
    const announce = (name: string, axon: unknown, authorization?: string) =>
      devnet.call(
        'PUT',
        `/devnet/identities/${name}/axon`,
        axon,
        authorization ? { authorization: `Bearer ${authorization}` } : {},
      );
    const axon = { ip: '198.51.100.1', port: 9 };
    expect((await announce('validator', axon)).status).toBe(401);
    expect((await announce('validator', axon, 'wrong')).status).toBe(401);
    expect((await announce('nobody', axon, 'right')).status).toBe(404);
    expect((await announce('validator', null, 'right')).status).toBe(400);
    expect((await announce('validator', axon, 'right')).status).toBe(204);
    const { body } = await devnet.call('GET', `${open}/block/latest/neurons`);
    expect(body.neurons[validator]).toMatchObject({ axon_info: { ...axon, protocol: 4 }, stake: 5 });
  });

  it('writes nothing for a hotkey that is not registered', async () => {
    await devnet.call('PUT', '/devnet/identities/stranger', { hotkey: stranger, token: 't' });
    const { status, body } = await devnet.call('POST', '/api/v1/identity/stranger/subnet/12/commitments', {
      commitment: '00',
    });
    expect(status).toBe(400);
    expect(body.detail).toContain(`${stranger}, as whom stranger signs, is not registered`);
  });
});

describe('bad input is one sentence', () => {
  const otherPrefix = ss58Encode(ss58Decode(miner), 0);
  const neuron = `/devnet/neurons/${miner}`;
  it.each([
    ['PUT', '/devnet/neurons/nonsense', participant, 'The hotkey in the path must be a Bittensor address'],
    [
      'PUT',
      `/devnet/neurons/${otherPrefix}`,
      participant,
      'The hotkey in the path must be a Bittensor address',
    ],
    ['DELETE', '/devnet/neurons/nonsense', undefined, 'The hotkey in the path must be a Bittensor address'],
    ['PUT', neuron, undefined, 'The body must be a JSON object'],
    ['PUT', neuron, '[]', 'The body must be a JSON object'],
    ['PUT', neuron, '{"stake":', 'The body cannot be read as JSON.'],
    ['PUT', neuron, { ...participant, coldkey: 'x' }, 'coldkey must be a Bittensor address'],
    ['PUT', neuron, { ...participant, stake: -1 }, 'stake must be a number of at least 0.'],
    ['PUT', neuron, '{"stake":1e999,"validator_permit":true,"axon":null}', 'stake must be a number'],
    ['PUT', neuron, { ...participant, validator_permit: 'yes' }, 'validator_permit must be true or false.'],
    ['PUT', neuron, { ...participant, axon: undefined }, 'axon must be'],
    ['PUT', neuron, { ...participant, axon: { ip: 'localhost', port: 1 } }, 'axon.ip must be'],
    ['PUT', neuron, { ...participant, axon: { ip: '0.0.0.0', port: 1 } }, 'axon.ip must be'],
    ['PUT', neuron, { ...participant, axon: { ip: '127.0.0.1', port: 0 } }, 'axon.port must be'],
    [
      'PUT',
      neuron,
      { ...participant, axon: { ip: '127.0.0.1', port: 1, protocol: 4 } },
      'axon has a field "protocol"',
    ],
    ['PUT', neuron, { ...participant, uid: 1 }, 'The body has a field "uid"'],
    ['PUT', '/devnet/identities/1x', { hotkey: miner, token: 't' }, 'An identity is named by'],
    ['PUT', '/devnet/identities/__proto__', { hotkey: miner, token: 't' }, 'An identity is named by'],
    ['PUT', '/devnet/identities/x', { hotkey: miner, token: '' }, 'token must be text'],
    ['PUT', '/devnet/identities/x', { hotkey: 5, token: 't' }, 'hotkey must be a Bittensor address'],
    ['PUT', `${own}/weights`, { weights: {} }, 'weights must not be empty.'],
    ['PUT', `${own}/weights`, { weights: [1] }, 'weights must be an object'],
    ['PUT', `${own}/weights`, { weights: { [miner]: '1' } }, `The weight of ${miner} must be a number`],
    ['PUT', `${own}/weights`, { weights: { x: 1 } }, 'Each name in weights must be a Bittensor address'],
    ['PUT', '/devnet/neurons', { x: participant }, 'Each name must be a Bittensor address'],
    ['PUT', '/devnet/hyperparameters', { tempo: 0 }, 'tempo must be a whole number from 1 to 65535.'],
    ['PUT', '/devnet/hyperparameters', { rho: 1 }, 'The body has a field "rho"'],
    ['POST', `${own}/certificates/self`, { algorithm: 2 }, 'algorithm must be 1, which is Ed25519.'],
    ['POST', `${own}/commitments`, { commitment: 'xyz' }, 'commitment must be hex'],
    ['POST', `${own}/commitments`, { commitment: '0x' }, 'commitment must be hex, at least one byte.'],
    [
      'POST',
      `${own}/commitments`,
      { commitment: '00'.repeat(129) },
      'commitment must have at most 128 bytes, and it has 129.',
    ],
    ['GET', `${open}/block/abc/neurons`, undefined, 'A block is a number'],
    ['GET', `${open}/block/-1/neurons`, undefined, 'A block is a number'],
    ['GET', `${open}/block/latest/commitments/%ff`, undefined, 'The path has a %'],
  ])('%s %s %j', async (method, path, body, sentence) => {
    const answer = await devnet.call(method, path, body);
    expect(answer).toEqual({
      status: 400,
      body: { status_code: 400, detail: expect.stringContaining(sentence) },
    });
  });

  it('a body over 1 MB is refused', async () => {
    const { status, body } = await devnet.call('PUT', neuron, { coldkey: 'x'.repeat(1_100_000) });
    expect([status, body.detail]).toEqual([413, 'The body is larger than 1 MB.']);
  });

  it('a body that does not say that it is JSON is not read: a web page could have sent it', async () => {
    const answer = await devnet.call('PUT', neuron, participant, { 'content-type': 'text/plain' });
    expect(answer).toMatchObject({ status: 400, body: { detail: expect.stringContaining('Content-Type') } });
  });

  it('a path that is not there is 404', async () => {
    expect(await devnet.call('GET', '/nowhere')).toMatchObject({ status: 404, body: { status_code: 404 } });
  });
});

it('who leaves is gone from now on, and still there before', async () => {
  now += 12_000;
  expect((await devnet.call('DELETE', `/devnet/neurons/${miner}`)).status).toBe(204);
  expect((await devnet.call('DELETE', `/devnet/neurons/${miner}`)).status).toBe(404);
  expect((await devnet.call('GET', `${open}/block/latest/neurons`)).body.neurons).not.toHaveProperty(miner);
  expect((await devnet.call('GET', `${open}/block/0/neurons`)).body.neurons).toHaveProperty(miner);
});

it('is ready as soon as it listens', async () => {
  expect((await devnet.call('GET', '/health/ready')).status).toBe(200);
});
