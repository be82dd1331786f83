import {
  ExecutorReady,
  HordeFailed,
  JobFailed,
  make,
  StreamingDetails,
  StreamingJobNotReady,
  toJson,
  VolumesReady,
  writeCompact,
  type InitialJobRequest,
} from '@horde/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Peer } from '@horde/testing/peer';
import type { ScriptedValidator } from '@horde/testing/validator-miner/scripted-validator';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 100 }));
});
afterEach(() => (miner.manager.startError = null));
afterAll(() => miner.close());

/** Asks for a job as the older generations do: nothing is signed. */
async function ask(validator: ScriptedValidator, changes: Partial<InitialJobRequest> = {}) {
  const connection = await validator.login();
  const request = validator.initial(changes);
  await connection.send(request);
  await connection.next('V0AcceptJobRequest');
  return { connection, job_uuid: request.job_uuid };
}

/** An unsigned job whose executor is ready. */
async function ready(validator: ScriptedValidator, changes: Partial<InitialJobRequest> = {}) {
  const asked = await ask(validator, changes);
  const executor = await miner.executor(await miner.manager.token(asked.job_uuid));
  await executor.send(make(ExecutorReady, { job_uuid: asked.job_uuid }));
  await asked.connection.next('V0ExecutorReadyRequest');
  return { ...asked, executor };
}

/** Sends what is to run as the oldest generation does: it knows no `env`. */
async function sendOldRequest(validator: ScriptedValidator, connection: Peer, job_uuid: string) {
  const json = toJson(validator.payload(job_uuid));
  json.delete('env');
  json.delete('validator_signature');
  await connection.connection.sendText(writeCompact(json));
  await connection.settled();
}

const failures = ({ frames }: Peer) =>
  frames.filter(({ message_type }) => /Failed|NotReady/.test(message_type));
const next = (connection: Peer) =>
  connection.next(
    'V0ExecutorFailedRequest',
    'V0JobFailedRequest',
    'V0HordeFailedRequest',
    'V0StreamingJobNotReadyRequest',
  );
const horde = (job_uuid: string) =>
  make(HordeFailed, { job_uuid, reported_by: 'executor', reason: 'security_check_failed', message: 'no' });

describe('a validator of the oldest generation', () => {
  it.each([
    ['the executor’s own', (job_uuid: string) => horde(job_uuid)],
    ['the job’s', (job_uuid: string) => make(JobFailed, { job_uuid, message: 'no such image' })],
  ])('hears of a failure before its executor is ready as the executor’s: %s', async (_what, failure) => {
    const { connection, job_uuid } = await ask(await miner.validator());
    const executor = await miner.executor(await miner.manager.token(job_uuid));
    await executor.send(failure(job_uuid));
    await next(connection);
    expect(failures(connection)).toEqual([
      { message_type: 'V0ExecutorFailedRequest', job_uuid, executor_token: null },
    ]);
  });

  it('hears of a failed job in a form that all generations read', async () => {
    const validator = await miner.validator();
    const { connection, job_uuid, executor } = await ready(validator);
    await sendOldRequest(validator, connection, job_uuid);
    await executor.send(
      make(JobFailed, {
        job_uuid,
        message: 'exit code 3',
        reason: 'nonzero_return_code',
        stage: 'execution',
      }),
    );
    expect(await next(connection)).toEqual({
      message_type: 'V0JobFailedRequest',
      job_uuid,
      message: 'exit code 3',
      reason: 'nonzero_return_code',
      stage: 'execution',
      docker_process_exit_status: null,
      docker_process_stdout: '',
      docker_process_stderr: '',
      context: null,
      timeout: false,
      error_type: 'NONZERO_EXIT_STATUS',
      error_detail: 'exit code 3',
    });
  });

  it('hears of a horde failure, once its executor is ready, as the job’s', async () => {
    const validator = await miner.validator();
    const { connection, job_uuid, executor } = await ready(validator);
    await executor.send(horde(job_uuid));
    expect(await next(connection)).toMatchObject({
      message_type: 'V0JobFailedRequest',
      reason: 'unknown',
      error_type: 'SECURITY_CHECK',
      error_detail: 'no',
    });
  });

  it('hears of a streaming job that did not start as it waits for that', async () => {
    const validator = await miner.validator();
    const streaming_details = make(StreamingDetails, { public_key: 'PEM\n' });
    const { connection, job_uuid, executor } = await ready(validator, { streaming_details });
    await sendOldRequest(validator, connection, job_uuid);
    await executor.send(make(VolumesReady, { job_uuid }));
    await executor.send(make(StreamingJobNotReady, { job_uuid }));
    await next(connection);
    expect(failures(connection)).toEqual([
      { message_type: 'V0StreamingJobNotReadyRequest', job_uuid, executor_token: null },
    ]);
  });

  it('is still known as one after the miner has been restarted', async () => {
    const validator = await miner.validator();
    const { connection, job_uuid } = await ready(validator);
    await sendOldRequest(validator, connection, job_uuid);
    await miner.stop();
    await miner.boot();
    const again = await validator.login();
    const executor = await miner.executor(await miner.manager.token(job_uuid));
    await executor.close();
    expect(await next(again)).toMatchObject({
      message_type: 'V0JobFailedRequest',
      error_type: 'EXECUTOR_DISCONNECTED',
      error_detail: expect.stringMatching(/^The executor left before the job ended/),
    });
  });
});

describe('a validator that does not sign, and whose job requests have an `env`', () => {
  it('hears of horde failures as such, and the next time before it has sent a job request, too', async () => {
    const validator = await miner.validator();
    const { connection, job_uuid, executor } = await ready(validator);
    await connection.send(validator.payload(job_uuid));
    await connection.settled();
    await executor.send(horde(job_uuid));
    expect(await next(connection)).toMatchObject({ message_type: 'V0HordeFailedRequest', message: 'no' });

    miner.manager.startError = new Error('no machine answers');
    const second = await ask(validator);
    expect(await next(second.connection)).toMatchObject({
      message_type: 'V0HordeFailedRequest',
      reason: 'executor_spinup_failed',
    });
  });
});
