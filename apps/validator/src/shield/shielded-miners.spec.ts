import { createPrivateKey } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encrypt } from 'eciesjs';
import { Config } from 'eciesjs/config';
import { runCommand } from '@horde/commands';
import { Keypair } from '@horde/identity';
import { createLogger } from '@horde/operations';
import { ScriptedMiner } from '@horde/testing/validator-miner/scripted-miner';
import { ScriptedPylon } from '@horde/testing/scripted-pylon';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { validatorProgram } from '../commands/program.ts';
import { ValidatorContext } from '../commands/validator-context.ts';
import { ValidatorPlace } from '../testing/running-validator.ts';

const ed25519 = Object.assign(new Config(), { ellipticCurve: 'ed25519' });

let place: ValidatorPlace;
let pylon: ScriptedPylon;
let miner: ScriptedMiner;
let shield: Server;
/** The shield shows no manifest. */
let isOpen: boolean;

beforeEach(async () => {
  isOpen = false;
  place = await ValidatorPlace.make();
  pylon = new ScriptedPylon();
  await pylon.start();
  miner = new ScriptedMiner(Keypair.generate());
  miner.manifest = [['always_on.test', 3]];
  await miner.start();
  // As bt-ddos-shield: it seals for the certificates that the chain has.
  shield = createServer((_request, response) => {
    const sealed =
      pylon.certificate && encrypt(pylon.certificate, Buffer.from(`localhost:${miner.port}`), ed25519);
    const mapping = sealed ? { [place.keypair.address]: Buffer.from(sealed).toString('base64') } : {};
    const manifest = { ddos_shield_manifest: { encrypted_url_mapping: mapping, md5_hash: '' } };
    response.writeHead(isOpen ? 404 : 200).end(isOpen ? '' : JSON.stringify(manifest));
  });
  await new Promise<void>((resolve) => shield.listen(0, '127.0.0.1', resolve));
  pylon.neurons = [{ hotkey: miner.keypair.address, port: axon() }];
});
afterEach(async () => {
  await new Promise((resolve) => shield.close(resolve).closeAllConnections());
  await miner.stop();
  await pylon.stop();
  await place.remove();
});

const axon = () => (shield.address() as AddressInfo).port;
const offer = 'always_on.test: 3 executors of 1 miners';
const unreached = (why: string) =>
  `Miners behind a DDoS shield that this validator does not reach, as it knows no address of theirs there (${why}): ${miner.keypair.address}.`;
const sealedNone = 'they have sealed none for its certificate';

/** What a look at all miners prints. */
async function look(more: Record<string, string> = {}): Promise<string[]> {
  const printed: string[] = [];
  const print = (text: string) => void printed.push(text);
  const logger = createLogger('validator');
  logger.level = 'silent';
  const environment = place.environment({ PYLON_ADDRESS: pylon.address, ...more });
  const context = new ValidatorContext(environment, print, logger, new AbortController().signal);
  expect(await runCommand(validatorProgram, ['sync_manifests'], context, print), printed.join()).toBe(0);
  return printed;
}

const where = () => place.query('select ip, port, axon_ip, axon_port from miner');

it('a certificate is put on the chain, and a miner is reached where it has sealed its address for it', async () => {
  expect(await look()).toEqual(['No miner offers anything.', unreached(sealedNone)]);
  const made = pylon.certificate;
  expect(await look()).toEqual([offer]);
  expect(await look()).toEqual([offer]);
  expect(pylon.certificate).toBe(made);
  expect(await where()).toEqual([
    { ip: 'localhost', port: miner.port, axon_ip: '127.0.0.1', axon_port: axon() },
  ]);
});

it('none is put there while no miner is behind a shield', async () => {
  isOpen = true;
  expect(await look()).toEqual(['No miner offers anything.']);
  expect(pylon.certificate).toBeNull();
});

it('a miner without its shield is reached where the chain tells', async () => {
  await look();
  await look();
  isOpen = true;
  expect(await look()).toEqual([offer]);
  expect(await where()).toEqual([{ ip: '127.0.0.1', port: axon(), axon_ip: null, axon_port: null }]);
});

it('a shield that does not answer for once is no reason to leave it', async () => {
  await look();
  await look();
  shield.removeAllListeners('request').on('request', (request) => request.socket.destroy());
  expect(await look()).toEqual([offer]);
});

it('another address on the chain counts more than that of the shield before', async () => {
  await look();
  await look();
  pylon.neurons[0]!.port = miner.port;
  expect(await look()).toEqual([offer]);
  expect(await where()).toEqual([{ ip: '127.0.0.1', port: miner.port, axon_ip: null, axon_port: null }]);
});

it('the certificate that ComputeHorde’s validator has made is used while it is on the chain', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'shield-spec-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const { privateKey, publicKey } = await elsewhere();
  const file = path.join(folder, 'validator_cert.pem');
  await writeFile(file, privateKey);
  pylon.certificate = publicKey;
  expect(await look({ BITTENSOR_SHIELD_CERTIFICATE_PATH: file })).toEqual([offer]);
  expect(pylon.certificate).toBe(publicKey);
});

it('a certificate on the chain whose key is not here is replaced', async () => {
  const { publicKey } = await elsewhere();
  pylon.certificate = publicKey;
  expect(await look()).toEqual(['No miner offers anything.', unreached(sealedNone)]);
  expect(await look()).toEqual([offer]);
});

it('a Pylon that cannot read the certificate for once makes no other', async () => {
  await look();
  const made = pylon.certificate;
  pylon.certificate = null;
  await look();
  expect(pylon.certificate).toBeNull();
  pylon.certificate = made;
  expect(await look()).toEqual([offer]);
});

it.each([
  [
    'the operator does not want one',
    { BITTENSOR_SHIELD_DISABLE_UPLOADING_CERTIFICATE: 'true' },
    'BITTENSOR_SHIELD_DISABLE_UPLOADING_CERTIFICATE is set, and the chain has no certificate whose key is here',
  ],
  [
    'Pylon makes none',
    {},
    /^.*\(Pylon at \S+ answered POST \/api\/v1\/identity\/validator\/subnet\/12\/certificates\/self with 502: Could not generate the certificate\): /,
  ],
])('says why there is no certificate: %s', async (_, more, why) => {
  pylon.makesNone = true;
  const sentence = typeof why === 'string' ? unreached(why) : expect.stringMatching(why);
  expect(await look(more as Record<string, string>)).toEqual(['No miner offers anything.', sentence]);
});

/** A certificate that somebody else has put on the chain. */
async function elsewhere(): Promise<{ publicKey: string; privateKey: string }> {
  const answer = await fetch(`${pylon.address}/certificates/self`, { method: 'POST' });
  const { public_key: publicKey, private_key } = (await answer.json()) as Record<string, string>;
  const encode = (hex: string) => Buffer.from(hex, 'hex').toString('base64url');
  const key = { kty: 'OKP', crv: 'Ed25519', x: encode(publicKey!), d: encode(private_key!) };
  const pem = createPrivateKey({ key, format: 'jwk' }).export({ type: 'pkcs8', format: 'pem' }) as string;
  return { publicKey: publicKey!, privateKey: pem };
}
