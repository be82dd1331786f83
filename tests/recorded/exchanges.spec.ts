import { verify, verifyRequest } from '@horde/identity';
import {
  parseJson,
  readVariant,
  signedFieldsPayload,
  singleUploadClasses,
  singleVolumeClasses,
  toJson,
  writeCompact,
  type JsonObject,
  type JsonValue,
} from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import { readJobRequest, signedFieldsOfRequest } from '../../apps/facilitator/src/jobs/job-request.ts';
import { recordedExchanges } from './recordings.ts';

const exchanges = recordedExchanges();
const creations = exchanges.filter(({ request }) => 'X-CH-Signature' in request.headers);

const read = (body: string): JsonObject => parseJson(body) as JsonObject;

describe('the recorded requests of the SDK', () => {
  it('and their answers are read and written again with the same characters', () => {
    for (const { request, response } of exchanges) {
      for (const body of [request.body, response.body].filter(Boolean)) {
        // ComputeHorde's framework escapes the two line separators, which JSON does not ask for.
        const written = writeCompact(parseJson(body)).replaceAll('\u2028', '\\u2028');
        expect(written).toBe(body.replaceAll('\u2028', '\\u2028'));
      }
    }
    expect(exchanges.length).toBe(34);
  });

  it('carry signatures that verify, and not over a changed body, by another signer, or at another time', () => {
    expect(creations.length).toBeGreaterThanOrEqual(16);
    for (const { request } of creations) {
      const signatory = request.headers['X-CH-Signatory']!;
      const time = BigInt(request.headers['X-CH-Timestamp-NS']!);
      const signature = request.headers['X-CH-Signature']!;
      const payload = (body: JsonObject) =>
        signedFieldsPayload(signedFieldsOfRequest(readJobRequest(body), body));
      const body = read(request.body);
      expect(verifyRequest(signatory, time, payload(body), signature)).toBe(true);
      expect(verifyRequest(signatory, time + 1n, payload(body), signature)).toBe(false);
      body.set('docker_image', 'evil');
      expect(verifyRequest(signatory, time, payload(body), signature)).toBe(false);
    }
  });

  it('name volumes and uploads that our classes read and write alike', () => {
    let transfers = 0;
    const same = (tag: string, classes: (new () => object)[], list: JsonValue) => {
      for (const item of list as JsonValue[]) {
        expect(writeCompact(toJson(readVariant(tag, classes, item)))).toBe(writeCompact(item));
        transfers++;
      }
    };
    for (const { request, response } of creations) {
      for (const body of [request.body, response.body].map(read)) {
        same('volume_type', singleVolumeClasses(), body.get('volumes') ?? []);
        same('output_upload_type', singleUploadClasses(), body.get('uploads') ?? []);
      }
    }
    expect(transfers).toBeGreaterThan(8);
  });

  it('log in with a signature over the nonce', () => {
    const { request } = exchanges.find(({ request: { path } }) => path === '/auth/login')!;
    const { hotkey, signature, nonce } = JSON.parse(request.body) as Record<string, string>;
    const bytes = Buffer.from(signature!, 'hex');
    expect(verify(Buffer.from(nonce!), bytes, hotkey!)).toBe(true);
    expect(verify(Buffer.from(`${nonce}x`), bytes, hotkey!)).toBe(false);
  });
});
