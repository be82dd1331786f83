import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyHex } from '@horde/identity';
import { streamingText, validatorToMiner, type InitialJobRequest, type JobRequest } from '@horde/protocol';
import type { ScriptedValidator } from '@horde/testing/validator-miner/scripted-validator';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../../apps/miner/src/testing/miner.ts';
import { conversationsOf, framesOf } from './conversations.ts';
import { executorFrames, executorScenarios, playExecutor } from './recorded-executor.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- frames of every kind
type Frame = Record<string, any>;

const withValidator = conversationsOf('validator-miner');
let miner: MinerUnderTest;
let validator: ScriptedValidator;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.llm.a6000': executorScenarios.length }));
  validator = await miner.validator();
});
afterAll(() => miner?.close());

/** What the recorded validator asked for, as a request of ours. */
function asked<M extends InitialJobRequest | JobRequest>(scenario: string, type: M['message_type']): M | null {
  const frame = framesOf(withValidator.get(scenario)!).find(
    ({ says }) => (says as Frame)['message_type'] === type,
  );
  return frame ? (validatorToMiner.read(frame.text).message as M) : null;
}

/** What differs from run to run, and what each miner says of itself. */
const varying = [
  'job_started_receipt_payload',
  'job_started_receipt_signature',
  'miner_signature',
  'validator_signature',
];
/** The address of an executor is where it connects from: in the recordings a container, here this machine. */
const addresses = ['ip', 'executor_ip'];

const settled = (frame: Frame): Frame =>
  JSON.parse(
    JSON.stringify(frame, (key, value: unknown) =>
      varying.includes(key) ? undefined : addresses.includes(key) && value !== null ? '(address)' : value,
    ),
  ) as Frame;

const recorded = (frames: { from: string; says: unknown }[]): Frame[] =>
  frames.filter(({ from }) => from === 'miner').map(({ says }) => settled(says as Frame));

describe('between the recorded validator and the recorded executor, the miner says what the recorded one said', () => {
  it.each(executorScenarios)('%s', async (scenario) => {
    const { docker_image, executor_class, executor_timing, timeout_seconds, volume, streaming_details, job_uuid } =
      asked<InitialJobRequest>(scenario, 'V0InitialJobRequest')!;
    const { connection } = await validator.accepted({
      docker_image, executor_class, executor_timing, timeout_seconds, volume, streaming_details, job_uuid,
    });
    const token = await miner.manager.token(job_uuid);
    const request = asked<JobRequest>(scenario, 'V0JobRequest');
    const executor = playExecutor(scenario, { url: miner.url, token, job: job_uuid });
    if (request) {
      await connection.next('V0ExecutorReadyRequest');
      await connection.send(validator.signed(request));
    }
    const { heard } = await executor;
    expect(heard.map(settled)).toEqual(recorded(executorFrames(scenario)));

    const wanted = recorded(framesOf(withValidator.get(scenario)!)).slice(1);
    await expect.poll(() => connection.frames).toHaveLength(wanted.length + 1);
    const said = connection.frames.slice(1);
    expect(said.map(settled)).toEqual(wanted);
    for (const frame of said.filter(({ miner_signature }) => typeof miner_signature === 'string')) {
      const text = streamingText(frame as unknown as Parameters<typeof streamingText>[0]);
      expect(verifyHex(text, frame['miner_signature'] as string, miner.hotkey)).toBe(true);
    }
    await connection.send(validator.finished(job_uuid));
    await connection.settled();
    expect(await miner.query('select settled_at is not null as settled from job where uuid = $1', job_uuid)).toEqual(
      [{ settled: true }],
    );
    miner.manager.exit(token, 0);
  });
});
