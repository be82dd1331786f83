import {
  executorToMiner,
  facilitatorToValidator,
  JobAcceptedReceipt,
  JobFinishedReceipt,
  minerToExecutor,
  minerToValidator,
  parseJson,
  readObject,
  receiptText,
  Response,
  ShapeError,
  signedFieldsOf,
  signedFieldsPayload,
  streamingText,
  validatorAuthText,
  validatorToFacilitator,
  validatorToMiner,
  writeCompact,
  writeFrame,
  type JsonObject,
} from '@horde/protocol';
import { ss58Encode, verifyHex, verifyRequest } from '@horde/identity';
import { describe, expect, it } from 'vitest';
import { recordedFrames, type RecordedFrame } from './recordings.ts';

const directions = {
  'facilitator-validator': { facilitator: facilitatorToValidator, validator: validatorToFacilitator },
  'validator-miner': { validator: validatorToMiner, miner: minerToValidator },
  'miner-executor': { miner: minerToExecutor, executor: executorToMiner },
} as const;
type Link = keyof typeof directions;

/** A recorded frame, read with the class for it. */
function read(link: Link, { from, text }: RecordedFrame): object {
  const json = parseJson(text) as JsonObject;
  if (!json.has('message_type')) return readObject(Response, json);
  const direction = (directions[link] as Record<string, { read(text: string): { message: object } }>)[from]!;
  return direction.read(text).message;
}

/** Every signature in a recorded message. @returns what was signed, the signature, the signer */
function signaturesIn(link: Link, message: object): { text: string | Uint8Array; signature: string; by: string }[] {
  const is = <T extends { message_type: string }>(word: T['message_type']) =>
    (message as T).message_type === word ? (message as T) : null;
  type InitialJobRequest = Extract<ReturnType<typeof validatorToMiner.read>['message'], { message_type: 'V0InitialJobRequest' }>;
  type Auth = Extract<ReturnType<typeof validatorToMiner.read>['message'], { message_type: 'ValidatorAuthForMiner' }>;
  type Login = Extract<ReturnType<typeof validatorToFacilitator.read>['message'], { message_type: 'V0AuthenticationRequest' }>;
  const auth = is<Auth>('ValidatorAuthForMiner');
  if (auth) return [{ text: validatorAuthText(auth), signature: auth.signature, by: auth.validator_hotkey }];
  const login = is<Login>('V0AuthenticationRequest');
  if (login) {
    const key = Buffer.from(login.public_key, 'hex');
    return [{ text: key, signature: login.signature, by: ss58Encode(key) }];
  }
  const initial = link === 'validator-miner' ? is<InitialJobRequest>('V0InitialJobRequest') : null;
  if (initial) {
    const { job_started_receipt_payload: payload, job_started_receipt_signature: signature } = initial;
    return [{ text: receiptText(payload), signature, by: payload.validator_hotkey }];
  }
  if (message instanceof JobAcceptedReceipt || message instanceof JobFinishedReceipt) {
    const { payload, signature } = message;
    return [{ text: receiptText(payload), signature, by: payload.validator_hotkey }];
  }
  return [];
}

describe.each(Object.keys(directions) as Link[])('the recorded conversations of %s', (link) => {
  const frames = recordedFrames(link);

  it('are read, and written again with the same fields, values and order', () => {
    for (const frame of frames) {
      // The signature over job messages is younger than the recorded services.
      const written = writeFrame(read(link, frame)).replace('"validator_signature":null,', '');
      expect(written).toBe(writeCompact(parseJson(frame.text)));
    }
    expect(frames.length).toBeGreaterThan(70);
  });

  it('do not parse in the other direction', () => {
    const [one, other] = Object.keys(directions[link]) as [string, string];
    for (const frame of frames.filter(({ text }) => !/"GenericError"|"V0InitialJob|"V0JobRequest/.test(text))) {
      if (!frame.text.includes('message_type')) continue;
      const reversed = { ...frame, from: frame.from === one ? other : one };
      expect(() => read(link, reversed)).toThrow(ShapeError);
    }
  });

  it('carry signatures that verify, and that tampered copies do not have', () => {
    const signed = frames.flatMap((frame) => signaturesIn(link, read(link, frame)));
    for (const { text, signature, by } of signed) {
      expect(verifyHex(text, signature, by)).toBe(true);
      const tampered = Buffer.from(text);
      tampered[tampered.length - 1]! ^= 1;
      expect(verifyHex(tampered, signature, by)).toBe(false);
      const [head, last] = [signature.slice(0, -4), signature.slice(-4)];
      expect(verifyHex(text, head + (last[0] === '0' ? '1' : '0') + last.slice(1), by)).toBe(false);
    }
    const expected = { 'facilitator-validator': 1, 'validator-miner': 62, 'miner-executor': 0 };
    expect(signed).toHaveLength(expected[link]);
  });
});

it('the users’ signatures over the recorded jobs verify at the validator, and not over a changed job', () => {
  const jobs = recordedFrames('facilitator-validator').flatMap(({ from, text }) => {
    if (from !== 'facilitator' || !text.includes('V2JobRequest')) return [];
    const { message } = facilitatorToValidator.read(text);
    return message.message_type === 'V2JobRequest' ? [message] : [];
  });
  expect(jobs).toHaveLength(16);
  for (const job of jobs) {
    const { signatory, timestamp_ns: time, signature } = job.signature!;
    const payload = signedFieldsPayload(signedFieldsOf(job));
    expect(verifyRequest(signatory, time, payload, signature)).toBe(true);
    expect(verifyRequest(signatory, time + 1n, payload, signature)).toBe(false);
    job.execution_time_limit++;
    expect(verifyRequest(signatory, time, signedFieldsPayload(signedFieldsOf(job)), signature)).toBe(false);
  }
});

it('the miner’s signature over where a streaming job listens verifies', () => {
  const frames = recordedFrames('validator-miner');
  const [ready] = frames.flatMap(({ from, text }) => {
    if (from !== 'miner') return [];
    const { message } = minerToValidator.read(text);
    return message.message_type === 'V0StreamingJobReadyRequest' ? [message] : [];
  });
  const { message: auth } = validatorToMiner.read(
    frames.find(({ text }) => text.includes('ValidatorAuthForMiner'))!.text,
  );
  const miner = auth.message_type === 'ValidatorAuthForMiner' ? auth.miner_hotkey : '';
  expect(verifyHex(streamingText(ready!), ready!.miner_signature!, miner)).toBe(true);
  expect(verifyHex(streamingText({ ...ready!, port: 1 }), ready!.miner_signature!, miner)).toBe(false);
});
