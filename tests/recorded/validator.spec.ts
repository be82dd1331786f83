import type { INestApplication } from '@nestjs/common';
import { verifyHex } from '@horde/identity';
import {
  receiptText,
  validatorAuthText,
  validatorSignatureText,
  validatorToMiner,
} from '@horde/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WsServer } from '@horde/testing/ws-server';
import { ValidatorPlace } from '../../apps/validator/src/testing/running-validator.ts';
import { conversationsOf, framesOf, type PlayedFrame } from './conversations.ts';
import { Line } from './line.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- frames of every kind
type Frame = Record<string, any>;

const withFacilitator = conversationsOf('facilitator-validator');
const withMiner = conversationsOf('validator-miner');
const jobsFrames = (scenario: string) => framesOf(withFacilitator.get(scenario)!);
const minersFrames = (scenario: string) => framesOf(withMiner.get(scenario)!);
const recordedAuth = minersFrames('hello')[0]!.says as Frame;
const recordedValidator = recordedAuth['validator_hotkey'] as string;
const recordedMiner = recordedAuth['miner_hotkey'] as string;

/** What the validator does otherwise on purpose, docs/compatibility.md says why; each has a test of its own. */
const exceptions = ['class_not_offered', 'trusted_miner'];
const scenarios = [...withMiner.keys()].filter((name) => !exceptions.includes(name));

let place: ValidatorPlace;
let validator: INestApplication;
let facilitator: Line;
/** The connections to the miner that have not been answered yet. */
let calls: Line[] = [];
let called = Promise.withResolvers<void>();

const facilitatorLogin = Promise.withResolvers<Line>();
const facilitatorServer = new WsServer((router) =>
  router.route('/ws/v0/', (connection) => facilitatorLogin.resolve(new Line(connection))),
);
const minerServer = new WsServer((router) =>
  router.route('/v0.1/validator_interface/:hotkey', (connection) => {
    calls.push(new Line(connection));
    called.resolve();
  }),
);

beforeAll(async () => {
  place = await ValidatorPlace.make();
  await Promise.all([facilitatorServer.start(), minerServer.start()]);
  validator = await place.start({
    FACILITATOR_URI: `ws://127.0.0.1:${facilitatorServer.port}/ws/v0/`,
    // The recorded jobs were signed long ago.
    JOB_MAX_AGE: '1000000000',
    DEBUG_MINER_KEY: recordedMiner,
    DEBUG_MINER_ADDRESS: '127.0.0.1',
    DEBUG_MINER_PORT: String(minerServer.port),
  });
  // The recorded jobs stay as their user signed them.
  await place.query('insert into whitelisted_hotkey (hotkey) values ($1)', [recordedValidator]);
  facilitator = await facilitatorLogin.promise;
});
afterAll(async () => {
  await validator.close();
  await Promise.all([facilitatorServer.stop(), minerServer.stop()]);
  await place.remove();
});

/** The validator's next connection to the miner. */
async function miner(): Promise<Line> {
  while (calls.length === 0) {
    await called.promise;
    called = Promise.withResolvers();
  }
  return calls.shift()!;
}

/** Sends the recorded job, and answers the updates that follow, as many as were recorded. */
async function playFacilitator(scenario: string): Promise<Frame[]> {
  const updates: Frame[] = [];
  for (const { from, text } of jobsFrames(scenario)) {
    if (from === 'facilitator') facilitator.say(text);
    else {
      updates.push(JSON.parse(await facilitator.hear()) as Frame);
      facilitator.say('{"status":"success","errors":[]}');
    }
  }
  return updates;
}

const updatesIn = (scenario: string): Frame[] =>
  jobsFrames(scenario)
    .filter(({ from }) => from === 'validator')
    .map(({ says }) => says as Frame);

/** What a key of a frame means where its value differs from run to run. */
const varying: Record<string, string> = {
  timestamp: '(time)',
  time_accepted: '(time)',
  time_started: '(time)',
  time_took_us: '(duration)',
  signature: '(signature)',
  job_started_receipt_signature: '(signature)',
};

/** A frame without what differs from run to run. The recorded validator is a generation that does not sign its jobs. */
function settled(text: string): Frame {
  const rekeyed = text.replaceAll(place.keypair.address, recordedValidator);
  const frame = JSON.parse(rekeyed, (key, value: unknown) => varying[key] ?? value) as Frame;
  delete frame['validator_signature'];
  return frame;
}

/** The recorded requests with the volume where it goes here, docs/compatibility.md says why: not before the job's own. */
function withLateVolume(frames: Frame[]): Frame[] {
  const volume = frames.find((frame) => frame['message_type'] === 'V0InitialJobRequest')?.['volume'] as unknown;
  return frames.map((frame) => {
    if (frame['message_type'] === 'V0InitialJobRequest') return { ...frame, volume: null };
    return frame['message_type'] === 'V0JobRequest' ? { ...frame, volume } : frame;
  });
}

/** What a job is worth to its miner: the executor-seconds that it may take. */
function worthOf(scenario: string): string {
  if (updatesIn(scenario).at(-1)!['status'] !== 'completed') return '0.000000';
  const job = jobsFrames(scenario)[0]!.says as Record<string, number>;
  return (job['download_time_limit']! + job['execution_time_limit']! + job['upload_time_limit']!).toFixed(6);
}

/** ComputeHorde pays what was set aside for a job, and for a debug miner it sets nothing aside; here it pays the worth. */
function expectScore(frame: Frame, worth: string): void {
  const payload = frame['payload'] as Frame | undefined;
  if (payload?.['receipt_type'] !== 'JobFinishedReceipt') return;
  expect(payload['score_str']).toBe(worth);
  payload['score_str'] = '0.000000';
}

/** Whether every signature in a frame is the validator's, over what it has to cover. */
function isSigned(text: string): boolean {
  const { message, json } = validatorToMiner.read(text);
  const signed = (what: string, signature: string | null) =>
    verifyHex(what, signature ?? '', place.keypair.address);
  switch (message.message_type) {
    case 'ValidatorAuthForMiner':
      return signed(validatorAuthText(message), message.signature);
    case 'V0InitialJobRequest':
      return (
        signed(validatorSignatureText(json), message.validator_signature) &&
        signed(receiptText(message.job_started_receipt_payload), message.job_started_receipt_signature)
      );
    case 'V0JobRequest':
      return signed(validatorSignatureText(json), message.validator_signature);
    case 'V0JobAcceptedReceiptRequest':
    case 'V0JobFinishedReceiptRequest':
      return signed(receiptText(message.payload), message.signature);
    default:
      return false;
  }
}

it('the validator logs in as the recorded one does', async () => {
  const recorded = framesOf(withFacilitator.get('*')!);
  const login = JSON.parse(await facilitator.hear()) as Frame;
  const { public_key, signature } = login as { public_key: string; signature: string };
  expect(Object.keys(login)).toEqual(Object.keys(recorded[0]!.says as Frame));
  expect(public_key).toMatch(/^[0-9a-f]{64}$/);
  expect(verifyHex(Buffer.from(public_key, 'hex'), signature, place.keypair.address)).toBe(true);
  facilitator.say(recorded[1]!.text);
});

describe('with the recorded facilitator and the recorded miner, the validator says what the recorded one said', () => {
  it.each(scenarios)('%s', async (scenario) => {
    const frames = minersFrames(scenario);
    const updates = playFacilitator(scenario);
    const line = await miner();
    const said = await line.play('miner', frames);

    const wanted = frames.filter(({ from }) => from === 'validator');
    expect(said.filter((text) => !isSigned(text))).toEqual([]);
    const worth = worthOf(scenario);
    expect(
      said.map((text) => {
        const frame = settled(text);
        expectScore(frame, worth);
        return frame;
      }),
    ).toEqual(withLateVolume(wanted.map(({ text }) => settled(text))));
    expect(await line.connection.closed).toMatchObject({ code: 1000 });
    expect(line.unheard).toEqual([]);
    expect(await updates).toEqual(updatesIn(scenario));
  });
});

describe('where the recorded network does badly', () => {
  it('class_not_offered: a miner that fails on the request and hangs up costs the job as long as before', async () => {
    const updates = playFacilitator('class_not_offered');
    const frames = minersFrames('class_not_offered');
    const greeting = frames.slice(0, 3);
    const types = (some: PlayedFrame[]) => some.map(({ says }) => (says as Frame)['message_type'] as string);
    const said: string[] = [];
    // It hangs up whenever it is asked for this class, as the recorded one would have.
    for (let times = 0; times < 2; times++) {
      const line = await miner();
      const heard = await line.play('miner', greeting);
      said.push(...heard.map((text) => settled(text)['message_type'] as string));
      line.connection.close(1011);
    }
    const last = await miner();
    said.push(settled(await last.hear())['message_type'] as string);
    const receipt = settled(await last.hear());
    const request = types(frames).filter((type) => type !== 'V0ExecutorManifestRequest').slice(0, 2);
    expect(said).toEqual([...request, ...request, 'ValidatorAuthForMiner']);
    expect(receipt).toEqual(settled(frames.at(-1)!.text));

    const [received, failed] = await updates;
    const [wantedReceived, wantedFailed] = updatesIn('class_not_offered');
    expect(received).toEqual(wantedReceived);
    const { message } = failed!['metadata']['horde_failure_details'] as { message: string };
    expect(message).toMatch(/did not accept or decline the job within 7 s/);
    wantedFailed!['metadata']['horde_failure_details']['message'] = message;
    expect(failed).toEqual(wantedFailed);
  });

  it('trusted_miner: without one the job is rejected at once, and no miner is asked', async () => {
    const [received, rejected] = await playFacilitator('trusted_miner');
    expect(received).toEqual(updatesIn('trusted_miner')[0]);
    expect(rejected).toMatchObject({
      status: 'rejected',
      metadata: { job_rejection_details: { rejected_by: 'validator', reason: 'no_miner_for_job' } },
    });
    expect(calls).toEqual([]);
  });
});
