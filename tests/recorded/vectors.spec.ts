import { createHash } from 'node:crypto';
import { Keypair, requestDigest, verifyHex, verifyRequest } from '@horde/identity';
import {
  cheatReportPayloads,
  minerToExecutor,
  parseJson,
  readVariant,
  receiptPayloadClasses,
  receiptText,
  receiptTexts,
  signedFieldsPayload,
  validatorAuthText,
  validatorSignatureText,
  validatorToMiner,
  writeCompact,
  writePython,
  type JsonObject,
  type ReceiptPayload,
} from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import { readJobRequest, signedFieldsOfRequest } from '../../apps/facilitator/src/jobs/job-request.ts';
import { vectors } from './recordings.ts';

const validator = Keypair.fromSeed(new Uint8Array(32).fill(7));
const miner = Keypair.fromSeed(new Uint8Array(32).fill(8));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Whether a frame carries its validator's signature, judged as a miner does. */
function isSigned(frame: string, by = validator.address): boolean {
  const { message, json } = validatorToMiner.read(frame);
  const signature = 'validator_signature' in message ? message.validator_signature : null;
  return signature !== null && verifyHex(validatorSignatureText(json), signature, by);
}

const frameOf = ({ text, signature }: Record<string, string>, also: Record<string, unknown> = {}) =>
  writeCompact(
    new Map([
      ...(parseJson(text!) as JsonObject),
      ...(parseJson(JSON.stringify({ validator_signature: signature, ...also })) as JsonObject),
    ]),
  );

describe.each(['N1', 'N2', 'N3'] as const)('a job message that the newest validator signed (%s)', (name) => {
  const vector = vectors[name];
  const frame = vector['frame'] ?? frameOf(vector);

  it('has the text that was signed, to the byte', () => {
    const { json } = validatorToMiner.read(frame);
    const text = validatorSignatureText(json);
    expect(text).toBe(vector['text']);
    expect(createHash('sha256').update(text).digest('hex')).toBe(vector['sha256']);
  });

  it('is signed by that validator and by nobody else', () => {
    expect(isSigned(frame)).toBe(true);
    expect(isSigned(frame, miner.address)).toBe(false);
  });

  it('means the same to an executor', () => {
    expect(minerToExecutor.read(frame).message).toEqual(validatorToMiner.read(frame).message);
  });
});

describe('a copy of a signed job message', () => {
  const { N1 } = vectors;
  const frame = frameOf(N1);
  const signature = N1['signature']!;
  const quoted = JSON.stringify(signature);
  const withoutNulls = (json: string) => {
    const object = parseJson(json) as JsonObject;
    object.delete('volume');
    return object;
  };

  it.each([
    ['whose executor_ip was filled in', frame.replace('"executor_ip":null', '"executor_ip":"1.2.3.4"')],
    ['whose 300 became 300.0', frame.replace(':300', ':300.0')],
    ['with a key added', frame.replace('{', '{"raw":1,')],
    ['without its null keys', frame.replace('"executor_ip":null,', '')],
    ['without its volume', writeCompact(withoutNulls(frame))],
    ['whose signature lost its 0x', frame.replace(quoted, quoted.replace('0x', ''))],
    // ComputeHorde's verifier looks past a second 0x; nobody sends one.
    ['whose signature has 0x twice', frame.replace(quoted, quoted.replace('0x', '0x0x'))],
    ['whose signature begins with 0X', frame.replace(quoted, quoted.replace('0x', '0X'))],
    ['whose signature is a byte longer', frame.replace(quoted, quoted.replace(/"$/, '00"'))],
    ['with another value after the right one', frame.replace(/}$/, ',"timeout_seconds":1}')],
  ])('%s is not signed', (_how, copy) => {
    expect(copy).not.toBe(frame);
    expect(isSigned(copy)).toBe(false);
  });

  it.each([
    ['whose signature is in upper case', frame.replace(signature, `0x${signature.slice(2).toUpperCase()}`)],
    ['with a junk signature before the right one', frame.replace('{', '{"validator_signature":"junk",')],
    ['with another value before the right one', frame.replace('{', '{"timeout_seconds":1,')],
  ])('%s is signed', (_how, copy) => {
    expect(copy).not.toBe(frame);
    expect(isSigned(copy)).toBe(true);
  });
});

describe.each(['R1', 'R2', 'R3', 'R3o'] as const)('a receipt that both have signed (%s)', (name) => {
  const vector = vectors[name];
  const payload = readVariant<ReceiptPayload>(
    'receipt_type',
    receiptPayloadClasses(),
    parseJson(vector['text']!),
  );

  it('has the text that was signed, in the form in which it came', () => {
    expect(receiptText(payload)).toBe(vector['text']);
  });

  it('verifies, and no tampered copy does', () => {
    const text = receiptText(payload);
    expect(verifyHex(text, vector['validator_signature']!, validator.address)).toBe(true);
    expect(verifyHex(`${text} `, vector['validator_signature']!, validator.address)).toBe(false);
    if (!vector['miner_signature']) return;
    expect(verifyHex(text, vector['miner_signature'], miner.address)).toBe(true);
    expect(verifyHex(text, vector['miner_signature'], validator.address)).toBe(false);
  });

  it('is tried in the older form and the newer one where it may be either', () => {
    const others = name === 'R3o' ? [vector['text']!.replace('{', '{"block_numbers": [], ')] : [];
    expect(receiptTexts(payload)).toEqual([vector['text'], ...others]);
  });
});

it('an authentication at a miner has the text that was signed (AU)', () => {
  const [validator_hotkey, miner_hotkey, timestamp] = vectors.AU['text']!.split(':') as [string, string, string];
  const text = validatorAuthText({ validator_hotkey, miner_hotkey, timestamp: Number(timestamp) });
  expect(text).toBe(vectors.AU['text']);
  expect(verifyHex(text, vectors.AU['signature']!, validator.address)).toBe(true);
});

it('a login at a facilitator is over the bytes of the public key (A1)', () => {
  expect(verifyHex(validator.publicKey, vectors.A1['signature']!, validator.address)).toBe(true);
});

describe('a user’s signature over a job', () => {
  it.each(['V1', 'V2'] as const)('is over a text encoded twice (%s)', (name) => {
    const { text, digest, timestamp_ns, signature } = vectors[name];
    const payload = Buffer.from(writePython(text!));
    expect(hex(requestDigest(BigInt(timestamp_ns!), payload))).toBe(digest);
    if (signature) expect(verifyRequest(validator.address, BigInt(timestamp_ns!), payload, signature)).toBe(true);
  });

  it('covers the fields of its body in their order, with all volumes and uploads (V3)', () => {
    const { body, payload, digest, timestamp_ns } = vectors.V3;
    const json = parseJson(body!) as JsonObject;
    json.set('target_validator_hotkey', 'x');
    const ours = signedFieldsPayload(signedFieldsOfRequest(readJobRequest(json), json));
    expect(Buffer.from(ours).toString()).toBe(payload);
    expect(ours).toHaveLength(825);
    expect(hex(requestDigest(BigInt(timestamp_ns!), ours))).toBe(digest);
  });
});

it('a cheat report is signed as its text, or as that text in a string (C1)', () => {
  const { text, timestamp_ns, digest_of_text, digest_of_text_as_string } = vectors.C1;
  const report = parseJson(text!) as JsonObject;
  const payloads = cheatReportPayloads({
    job_uuid: report.get('job_uuid') as string,
    trusted_job_uuid: report.get('trusted_job_uuid') as string,
    details: report.get('details')!,
  });
  const digests = payloads.map((payload) => hex(requestDigest(BigInt(timestamp_ns!), payload)));
  expect(digests).toEqual([digest_of_text, digest_of_text_as_string]);
});
