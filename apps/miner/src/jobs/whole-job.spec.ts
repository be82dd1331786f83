import {
  ExecutionDone,
  ExecutorReady,
  JobAcceptedPayload,
  JobAcceptedReceipt,
  JobFinished,
  MachineSpecs,
  make,
  receiptText,
  toJsonValue,
  VolumesReady,
  wireTimeNow,
} from '@horde/protocol';
import { verifyHex } from '@horde/identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager(), { version: '1.2', runnerVersion: '3' });
});
afterAll(() => miner.close());

describe('a job', () => {
  it('crosses the miner: every message arrives in order, the result is kept, and both sides sign for it', async () => {
    const validator = await miner.validator();
    const connection = await validator.login();
    const request = validator.signed(validator.initial());
    const { job_uuid } = request;
    await connection.send(request);
    await connection.next('V0AcceptJobRequest');
    const accepted = make(JobAcceptedPayload, {
      job_uuid,
      miner_hotkey: miner.hotkey,
      validator_hotkey: validator.hotkey,
      timestamp: wireTimeNow(),
      time_accepted: wireTimeNow(),
      ttl: 100,
    });
    await connection.send(
      make(JobAcceptedReceipt, {
        payload: accepted,
        signature: validator.keypair.signHex(receiptText(accepted)),
      }),
    );

    const token = await miner.manager.token(job_uuid);
    expect(token).toMatch(new RegExp(`^${job_uuid}-[0-9a-f-]{36}$`));
    const executor = await miner.executor(token);
    await executor.send(make(ExecutorReady, { job_uuid, executor_token: token }));
    expect(await connection.next('V0ExecutorReadyRequest')).toMatchObject({ job_uuid, executor_token: null });
    await connection.send(validator.signed(validator.payload(job_uuid)));
    await executor.next('V0JobRequest');
    await executor.send(make(VolumesReady, { job_uuid }));
    await executor.send(make(ExecutionDone, { job_uuid }));
    await executor.send(make(MachineSpecs, { job_uuid, specs: toJsonValue({ specs: { os: 'x' } }) }));
    await executor.send(
      make(JobFinished, {
        job_uuid,
        docker_process_stdout: 'hi\n',
        docker_process_stderr: 'a\0b',
        artifacts: new Map([['/artifacts/a', 'YQ==']]),
        upload_results: new Map([['output.zip', '{}']]),
      }),
    );
    await executor.close();
    expect(await connection.next('V0JobFinishedRequest')).toMatchObject({
      docker_process_stdout: 'hi\n',
      docker_process_stderr: 'a\0b',
      artifacts: { '/artifacts/a': 'YQ==' },
    });
    await connection.send(validator.finished(job_uuid));
    await connection.settled();

    expect(connection.types()).toEqual([
      'V0ExecutorManifestRequest',
      'V0AcceptJobRequest',
      'V0ExecutorReadyRequest',
      'V0VolumesReadyRequest',
      'V0ExecutionDoneRequest',
      'V0MachineSpecsRequest',
      'V0JobFinishedRequest',
      'GenericError',
    ]);
    expect(
      await miner.query('select status from job_event where job_uuid = $1 order by id', job_uuid),
    ).toEqual(
      ['accepted', 'executor_ready', 'volumes_ready', 'execution_done', 'completed'].map((status) => ({
        status,
      })),
    );
    expect(await miner.query('select * from job_result where job_uuid = $1', job_uuid)).toMatchObject([
      {
        stdout: 'hi\n',
        stderr: 'a\uFFFDb',
        artifacts: { '/artifacts/a': 'YQ==' },
        upload_results: { 'output.zip': '{}' },
      },
    ]);
    const frames = `select peer, is_sent, type from job_frame where job_uuid = $1 order by at, id`;
    const kept = async () =>
      (await miner.query<{ peer: string; is_sent: boolean; type: string }>(frames, job_uuid)).map(
        ({ peer, is_sent, type }) => `${peer} ${is_sent ? 'gets' : 'sends'} ${type}`,
      );
    await expect
      .poll(kept)
      .toEqual(
        expect.arrayContaining([
          'validator sends V0InitialJobRequest',
          'validator gets V0AcceptJobRequest',
          'validator sends V0JobAcceptedReceiptRequest',
          'executor gets V0InitialJobRequest',
          'executor sends V0ExecutorReadyRequest',
          'executor gets V0JobRequest',
          'executor sends V0JobFinishedRequest',
          'validator gets V0JobFinishedRequest',
          'validator sends V0JobFinishedReceiptRequest',
        ]),
      );
    expect(await miner.query('select 1 from outbox where subject = $1', job_uuid)).toEqual([]);
    const receipts = await miner.query<{
      receipt_type: string;
      payload: string;
      validator_signature: string;
      miner_signature: string;
    }>('select * from receipt where job_uuid = $1 order by receipt_type', job_uuid);
    expect(receipts.map(({ receipt_type }) => receipt_type)).toEqual([
      'JobAcceptedReceipt',
      'JobFinishedReceipt',
      'JobStartedReceipt',
    ]);
    expect(
      await miner.query(
        `select 1 from receipt where job_uuid = $1 and receipt_type = 'JobStartedReceipt' and timestamp = $2`,
        job_uuid,
        request.job_started_receipt_payload.timestamp,
      ),
    ).toHaveLength(1);
    for (const { payload, validator_signature, miner_signature } of receipts) {
      expect(verifyHex(payload, validator_signature, validator.hotkey)).toBe(true);
      expect(verifyHex(payload, miner_signature, miner.hotkey)).toBe(true);
    }
    miner.manager.exit(token, 0);
    await expect
      .poll(() => miner.query('select slot_held, exit_code from job where uuid = $1', job_uuid))
      .toEqual([{ slot_held: false, exit_code: 0 }]);
  });
});

it('/version tells the versions that the operator has given', async () => {
  const answer = await fetch(`${miner.url.replace('ws', 'http')}/version`);
  expect(await answer.json()).toEqual({ miner_version: '1.2', runner_version: '3' });
});

it('/health/ready is 200 when the database and the validators are there', async () => {
  await expect
    .poll(async () => (await fetch(`${miner.url.replace('ws', 'http')}/health/ready`)).json(), {
      timeout: 10_000,
    })
    .toEqual({
      status: 'ready',
      checks: { clock: expect.any(String) as string, database: 'ok', validators: 'ok' },
    });
});
