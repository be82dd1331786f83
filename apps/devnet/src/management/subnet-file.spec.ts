import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Keypair } from '@horde/identity';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openLedger } from '../ledger/ledger.ts';
import { openLog } from '../ledger/open-log.ts';
import { DevnetSettings } from '../settings.ts';
import { startDevnet, type TestDevnet } from '../testing/start-devnet.ts';
import { applySubnetFile } from './subnet-file.ts';

const address = (seed: number) => Keypair.fromSeed(new Uint8Array(32).fill(seed)).address;
const [miner, stranger] = [address(1), address(2)];

let folder: string;
let file: string;
let stateFile: string;
let devnet: TestDevnet;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'devnet-subnet-'));
  [file, stateFile] = [path.join(folder, 'subnet.json'), path.join(folder, 'state.json')];
  const subnet = {
    neurons: { [miner]: { stake: 0, validator_permit: false } },
    identities: { miner: { hotkey: miner, token: 'right' } },
  };
  await writeFile(file, JSON.stringify(subnet));
  await apply();
  devnet = await startDevnet({ stateFile, subnetFile: file });
});
afterAll(async () => {
  await devnet.close();
  await rm(folder, { recursive: true });
});

/** As a start of the devnet does, which goes on with the chain that is kept. */
async function apply(): Promise<void> {
  const settings = Object.assign(new DevnetSettings(), { stateFile });
  const ledger = await openLedger(await openLog(settings), settings);
  try {
    await applySubnetFile(file, ledger);
  } finally {
    await ledger.close();
  }
}

it('whom the file names takes part, and nobody else is taken: no wallet that was not made for this devnet', async () => {
  const body = { stake: 1, validator_permit: true, axon: null };
  for (const [target, what] of [
    [`/devnet/neurons/${stranger}`, body],
    ['/devnet/neurons', { [stranger]: body }],
    ['/devnet/identities/miner', { hotkey: stranger, token: 'mine' }],
  ] as const) {
    const refused = await devnet.call('PUT', target, what);
    expect([refused.status, refused.body.detail]).toEqual([
      403,
      expect.stringContaining('DEVNET_SUBNET_FILE'),
    ]);
  }
  expect((await devnet.call('DELETE', `/devnet/neurons/${miner}`)).status).toBe(403);
  const { body: seen } = await devnet.call('GET', '/api/v1/subnet/12/block/latest/neurons');
  expect(Object.keys(seen.neurons)).toEqual([miner]);
  expect((await devnet.call('POST', '/api/v1/login/identity/miner', { token: 'right' })).status).toBe(200);
});

it('a further start keeps what they have announced', async () => {
  const axon = { ip: '10.1.2.3', port: 8000 };
  const announced = await devnet.call('PUT', '/devnet/identities/miner/axon', axon, {
    authorization: 'Bearer right',
  });
  expect(announced.status).toBe(204);
  await devnet.close();
  await apply();
  devnet = await startDevnet({ stateFile, subnetFile: file });
  const { body } = await devnet.call('GET', '/api/v1/subnet/12/block/latest/neurons');
  expect(body.neurons[miner].axon_info).toMatchObject(axon);
});

it.each([
  ['no JSON', 'no JSON'],
  [JSON.stringify({ neurons: { me: {} }, identities: {} }), 'Bittensor address'],
  [JSON.stringify({ neurons: {}, identities: { miner: { hotkey: miner, token: '' } } }), 'token'],
])('a file with %s keeps it from starting, with a sentence', async (text, sentence) => {
  const wrong = path.join(folder, 'wrong.json');
  await writeFile(wrong, text);
  const settings = Object.assign(new DevnetSettings(), { stateFile: path.join(folder, 'other.json') });
  const ledger = await openLedger(await openLog(settings), settings);
  await expect(applySubnetFile(wrong, ledger)).rejects.toThrow(sentence);
  await ledger.close();
});
