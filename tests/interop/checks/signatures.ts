import fc from 'fast-check';
import { expect, it } from 'vitest';
import { verifyHex, type Keypair } from '@horde/identity';
import {
  InitialJobRequest,
  JobRequest,
  make,
  parseJson,
  streamingText,
  StreamingJobReady,
  toJson,
  toJsonValue,
  ValidatorAuth,
  validatorAuthText,
  ValidatorLogin,
  validatorSignatureText,
  validatorToFacilitator,
  validatorToMiner,
  writeCompact,
  writeFrame,
  type JsonObject,
} from '@horde/protocol';
import { instancesOf } from '@horde/testing/messages';
import { instances } from '../instances.ts';
import type { Generation } from '../environment.ts';
import type { Peer } from '../peer.ts';
import { all, bent, count, crossCheck, miner, seeds, user, validator } from './signers.ts';

/** Signed there and verified here, signed here and verified there, and what was changed is refused by both. */
export function signatureChecks(generation: Generation, peer: Peer): void {
  const signedTexts = (kind: string, frames: string[]) =>
    peer.ask<string[]>('signed_texts', { kind, frames });

  it('a seed gives the same hotkey', async ({ task }) => {
    for (const [name, keypair] of [
      ['validator', validator],
      ['miner', miner],
      ['user', user],
    ] as const)
      expect(await peer.ask('address', { seed: seeds[name] })).toBe(keypair.address);
    task.meta.count = 3;
  });

  it('authentication towards a miner: same text, signatures of both sides', async ({ task }) => {
    const messages = instances(ValidatorAuth, count) as ValidatorAuth[];
    const texts = messages.map(validatorAuthText);
    expect(await signedTexts('auth', messages.map(writeFrame))).toEqual(texts);
    task.meta.count = await crossCheck(peer, texts, seeds.validator, validator);
  });

  it('where a streaming job listens: same text, signatures of both sides', async ({ task }) => {
    const messages = instances(StreamingJobReady, count) as StreamingJobReady[];
    const texts = messages.map(streamingText);
    expect(await signedTexts('streaming', messages.map(writeFrame))).toEqual(texts);
    task.meta.count = await crossCheck(peer, texts, seeds.miner, miner);
  });

  it("a validator's login at the facilitator", async ({ task }) => {
    const there = await peer.ask<string>('validator_login', { seed: seeds.validator });
    const { message } = validatorToFacilitator.read(there);
    const { public_key: key, signature } = message as ValidatorLogin;
    const bytes = Buffer.from(key, 'hex');
    expect(verifyHex(bytes, signature, bytes)).toBe(true);
    expect(verifyHex(bytes, bent(signature), bytes)).toBe(false);
    expect(verifyHex(bytes, signature, miner.publicKey)).toBe(false);
    const login = (signer: Keypair, keypair: Keypair) =>
      make(ValidatorLogin, {
        public_key: Buffer.from(keypair.publicKey).toString('hex'),
        signature: signer.signHex(keypair.publicKey),
      });
    const good = login(validator, validator);
    const frames = [good, login(miner, validator), { ...good, signature: bent(good.signature) }];
    const verdicts = await peer.ask('verify_validator_logins', {
      frames: frames.map((frame) => writeFrame(make(ValidatorLogin, frame))),
    });
    expect(verdicts).toEqual([true, false, false]);
    task.meta.count = 1 + frames.length;
  });

  // The old packages do not sign these.
  it.runIf(generation === 'new')(
    "a validator's signature over its job messages, with unknown keys, floats and numbers of any size",
    async ({ task }) => {
      const odd = fc.sample(fc.jsonValue({ maxDepth: 3 }), { numRuns: 2 * count, seed: 7 });
      const frames = [InitialJobRequest, JobRequest]
        .flatMap((type) => fc.sample(instancesOf<object>(type), { numRuns: count, seed: 7 }))
        .map((message, index) => {
          const json = toJson(message).set('validator_signature', null);
          const extra = { '\uffff': odd[index], '😀': 2n ** 64n, '10': 1e-7, '9': [1e16, 1.5], e: -0 };
          return json.set('zz', toJsonValue(extra));
        });
      const hotkey = validator.address;
      const signed = frames.map((json) =>
        writeCompact(
          new Map([...json, ['validator_signature', validator.signHex(validatorSignatureText(json))]]),
        ),
      );
      const here = (frame: string): boolean => {
        const { json } = validatorToMiner.read(frame);
        return verifyHex(validatorSignatureText(json), json.get('validator_signature') as string, hotkey);
      };
      const there = (texts: string[]) => peer.ask('verify_job_messages', { hotkey, frames: texts });
      expect(await there(signed)).toEqual(all(signed.length, true));
      const byThem = await peer.ask<string[]>('sign_job_messages', {
        seed: seeds.validator,
        frames: frames.map(writeCompact),
      });
      // They sign what they received, unknown keys included, and write only what they know.
      const known = await peer.ask<string[]>('sign_job_messages', {
        seed: seeds.validator,
        frames: frames.map((json) => writeCompact(new Map([...json].filter(([key]) => key !== 'zz')))),
      });
      expect(byThem.map(here)).toEqual(all(signed.length, false));
      expect(known.map(here)).toEqual(all(signed.length, true));
      expect(signed.map(here)).toEqual(all(signed.length, true));
      for (const [key, value] of [
        ['job_uuid', '00000000-0000-4000-8000-000000000000'],
        ['added', null],
        ['validator_signature', bent(validator.signHex('another text'))],
      ] as const) {
        const tampered = signed.map((frame) =>
          writeCompact((parseJson(frame) as JsonObject).set(key, value)),
        );
        expect(tampered.map(here)).toEqual(all(tampered.length, false));
        expect(await there(tampered)).toEqual(all(tampered.length, false));
      }
      task.meta.count = signed.length;
    },
  );
}
