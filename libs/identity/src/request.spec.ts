import { blake2b } from '@noble/hashes/blake2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdentityError } from './identity-error.ts';
import { Keypair } from './keypair.ts';
import { requestDigest, signRequest, verifyRequest } from './request.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const knownHotkey = '5EsNLFaGe9XK5LzWH3i6eC2Wqv6YqZS1442N1C4yeSdP6uxy';
const knownTimestamp = 1_700_000_000_000_000_001n;

/** A minimal job's signed fields as ComputeHorde's SDK signs them: JSON text, again as a JSON text literal. */
const knownFields =
  '{"executor_class":"always_on.llm.a6000","docker_image":"alpine:latest","args":["echo","hi"],"env":{},"use_gpu":true,"artifacts_dir":"","on_trusted_miner":false,"download_time_limit":5,"execution_time_limit":10,"upload_time_limit":5,"streaming_start_time_limit":5,"streaming_details":null,"volumes":[],"uploads":[]}';
const knownPayload = Buffer.from(JSON.stringify(knownFields));
const knownSignature =
  'NGygvCwnlvTEy4dmeXMN4HLoryHqBELdywdKiSQ3WwKhHGUDyMVk0DB7ZKzdn0Sa4SnEJpuMQppSGOpVjUxHgQ==';

const cheatReport =
  '{"details": {"reason": "x"}, "job_uuid": "11111111-1111-4111-8111-111111111111", "trusted_job_uuid": "22222222-2222-4222-8222-222222222222"}';

describe('the digest that request signatures are made over', () => {
  it.each([
    [
      'a job',
      knownTimestamp,
      knownPayload,
      'd0ccc511072a866b15f0f3a77fde0e39835d585bfbd4e2e59f263ffab51a8fd55ed28288a13d366ef1f3a08d2e7c23147f912293a63d394f4db47815e5257b7b',
    ],
    [
      'the same job a nanosecond earlier',
      knownTimestamp - 1n,
      knownPayload,
      'd226ccfae29464d643686189c00715e33d384a6bfe64dc778b76a09476d1257e282f99805a2e9e5d5adc0bf1e6dad97a97df15a6170c1129d47f6222bdfdded8',
    ],
    [
      'a cheat report',
      knownTimestamp,
      Buffer.from(cheatReport),
      'e04ea75e6f9197e195ad112149a48c507c1447ac16b110b455c7434055b26db08d13b888ffddd0b136d131d3ff362c05c2d164fd41aa98936f6cc7a2347398cd',
    ],
    [
      'a cheat report as a text literal',
      knownTimestamp,
      Buffer.from(JSON.stringify(cheatReport)),
      '1cd04ae1929c3966970183fff98e671f542bc66723da72f0737379a6d9cf42ed1df51bbebd5cae166d4a3eb373691a6a7c50a6c16142fb4929fa10c8d3118bd6',
    ],
  ])('is the Python network’s for %s', (_what, timestamp, payload, digest) => {
    expect(hex(requestDigest(timestamp, payload))).toBe(digest);
  });

  it('is BLAKE2b-512 of the big-endian timestamp and the payload', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), fc.uint8Array({ maxLength: 400 }), (timestamp, payload) => {
        const prefix = Buffer.from(timestamp.toString(16).padStart(16, '0'), 'hex');
        expect(hex(requestDigest(timestamp, payload))).toBe(hex(blake2b(Buffer.concat([prefix, payload]))));
      }),
    );
  });

  it.each([-1n, 2n ** 64n])('does not exist at %d ns', (timestamp) => {
    expect(() => requestDigest(timestamp, knownPayload)).toThrow(IdentityError);
    expect(() => signRequest(Keypair.generate(), timestamp, knownPayload)).toThrow(IdentityError);
    expect(verifyRequest(knownHotkey, timestamp, knownPayload, knownSignature)).toBe(false);
  });
});

describe('a signed request', () => {
  it('of the Python network verifies', () => {
    expect(verifyRequest(knownHotkey, knownTimestamp, knownPayload, knownSignature)).toBe(true);
  });

  it('of the Python network, recorded on its way to a facilitator, verifies', () => {
    const fields =
      '{"executor_class":"always_on.llm.a6000","docker_image":"localhost:5000/horde/busybox:test","args":["sh","-c","echo \\"Hello, $NAME!\\" | tee -a /artifacts/stuff"],"env":{"NAME":"Chester Tester"},"use_gpu":true,"artifacts_dir":"/artifacts","on_trusted_miner":false,"download_time_limit":5,"execution_time_limit":8,"upload_time_limit":5,"streaming_start_time_limit":5,"streaming_details":null,"volumes":[],"uploads":[]}';
    const recorded =
      'ztV/fWb23QGipU9jZ29tL+g2qFTH+nBBxSgLV/zcFS6o/21K/2oNyi1qO+McS5RTjs5l0BvrHsZT3WN9ugBlhA==';
    const signatory = '5CDYBwxDZwXnYSp7E39Vy92MVbCMtcK2i953oRxDm9Veko7M';
    const payload = Buffer.from(JSON.stringify(fields));
    expect(verifyRequest(signatory, 1_795_326_418_837_946_486n, payload, recorded)).toBe(true);
    expect(verifyRequest(signatory, 1_795_326_418_837_946_487n, payload, recorded)).toBe(false);
  });

  it('of ours verifies, and not at another time, with another payload or for another hotkey', () => {
    const keypair = Keypair.generate();
    const signature = signRequest(keypair, knownTimestamp, knownPayload);
    expect(verifyRequest(keypair.address, knownTimestamp, knownPayload, signature)).toBe(true);
    expect(verifyRequest(keypair.address, knownTimestamp + 1n, knownPayload, signature)).toBe(false);
    expect(verifyRequest(keypair.address, knownTimestamp, knownPayload.subarray(1), signature)).toBe(false);
    expect(verifyRequest(knownHotkey, knownTimestamp, knownPayload, signature)).toBe(false);
  });

  it.each([
    ['empty', ''],
    ['without padding', knownSignature.replace('==', '')],
    ['in base64url', knownSignature.replace('N', '-')],
    ['with white space', `${knownSignature}\n`],
    ['with bits set that no byte holds', knownSignature.replace('gQ==', 'gR==')],
    ['a byte short', `${knownSignature.slice(0, -4)}gQ=`],
    ['in hex', `0x${Buffer.from(knownSignature, 'base64').toString('hex')}`],
  ])('is false when its signature is %s', (_what, signature) => {
    expect(signature).not.toBe(knownSignature);
    expect(verifyRequest(knownHotkey, knownTimestamp, knownPayload, signature)).toBe(false);
  });

  it('is false, not an error, for a hotkey that is none', () => {
    expect(verifyRequest('nobody', knownTimestamp, knownPayload, knownSignature)).toBe(false);
  });
});
