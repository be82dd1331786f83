import {
  AcceptJob,
  DeclineJob,
  ExecutionDone,
  ExecutorReady,
  HordeFailed,
  JobFailed,
  VolumesReady,
  make,
} from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import { send, wholeJob } from '@horde/testing/validator-miner/miner-script';
import { Scene } from '../testing/scene.ts';

const scene = new Scene();

describe('a job that the miner does not complete', () => {
  it("is rejected with the miner's reason when it declines", async () => {
    scene.miner.script = {
      onInitial: ({ job_uuid }, connection) =>
        send(connection, make(DeclineJob, { job_uuid, reason: 'busy', message: 'All 1 are busy.' })),
    };
    await scene.start();
    const uuid = await scene.send();
    const { metadata } = await scene.facilitator.update(uuid, 'rejected');
    expect(metadata!.job_rejection_details).toMatchObject({
      rejected_by: 'miner',
      reason: 'busy',
      message: 'All 1 are busy.',
    });
    expect((await scene.miner.finishedReceipt(uuid)).payload.score_str).toBe('0.000000');
  });

  it('has failed with the exit code and the output when its container failed', async () => {
    scene.miner.script = {
      ...wholeJob,
      onJob: ({ job_uuid }, connection) =>
        send(
          connection,
          make(VolumesReady, { job_uuid }),
          make(JobFailed, {
            job_uuid,
            reason: 'nonzero_return_code',
            stage: 'execution',
            message: 'exit code 3',
            docker_process_exit_status: 3,
            docker_process_stdout: 'out',
            docker_process_stderr: 'err',
          }),
        ),
    };
    await scene.start();
    const uuid = await scene.send();
    const { metadata } = await scene.facilitator.update(uuid, 'failed');
    expect(metadata!.job_failure_details).toMatchObject({
      reason: 'nonzero_return_code',
      stage: 'execution',
      docker_process_exit_status: 3,
      docker_process_stdout: 'out',
      docker_process_stderr: 'err',
    });
    expect((await scene.miner.finishedReceipt(uuid)).payload.score_str).toBe('0.000000');
  });

  it('has failed by the horde when the executor did', async () => {
    scene.miner.script = {
      onInitial: ({ job_uuid }, connection) =>
        send(
          connection,
          make(AcceptJob, { job_uuid }),
          make(HordeFailed, {
            job_uuid,
            reported_by: 'miner',
            reason: 'executor_spinup_failed',
            message: 'no such image',
          }),
        ),
    };
    await scene.start();
    const uuid = await scene.send();
    const { metadata } = await scene.facilitator.update(uuid, 'horde_failed');
    expect(metadata!.horde_failure_details).toMatchObject({
      reported_by: 'miner',
      reason: 'executor_spinup_failed',
      message: 'no such image',
    });
  });

  const ready = (uuid: string) => [
    make(AcceptJob, { job_uuid: uuid }),
    make(ExecutorReady, { job_uuid: uuid }),
  ];
  it.each([
    ['initial_response_timed_out', 'accept or decline', () => [], () => []],
    [
      'executor_readiness_response_timed_out',
      'executor ready',
      (uuid: string) => [make(AcceptJob, { job_uuid: uuid })],
      () => [],
    ],
    ['volumes_timed_out', 'files in place', ready, () => []],
    [
      'execution_timed_out',
      'end of the execution',
      ready,
      (uuid: string) => [make(VolumesReady, { job_uuid: uuid })],
    ],
    [
      'final_response_timed_out',
      'send the results',
      ready,
      (uuid: string) => [make(ExecutionDone, { job_uuid: uuid })],
    ],
  ])('has failed with %s when the miner says nothing more', async (reason, words, onInitial, onJob) => {
    scene.miner.script = {
      onInitial: ({ job_uuid }, connection) => send(connection, ...onInitial(job_uuid)),
      onJob: ({ job_uuid }, connection) => send(connection, ...onJob(job_uuid)),
    };
    await scene.start({
      DYNAMIC_EXECUTOR_RESERVATION_TIME_LIMIT: '4',
      DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT: '0',
      DYNAMIC_ORGANIC_JOB_ALLOWED_LEEWAY_TIME: '4',
    });
    const uuid = await scene.send({ download_time_limit: 0, execution_time_limit: 0, upload_time_limit: 0 });
    const { metadata } = await scene.facilitator.update(uuid, 'failed');
    expect(metadata!.horde_failure_details).toMatchObject({ reported_by: 'validator', reason });
    expect(metadata!.horde_failure_details!.message).toContain(words);
    expect(metadata!.horde_failure_details!.message).toMatch(/within \d+ s\.$/);
  });

  it('has failed with miner_connection_failed when the miner cannot be reached', async () => {
    await scene.miner.stop();
    await scene.start();
    const uuid = await scene.send();
    const { metadata } = await scene.facilitator.update(uuid, 'failed');
    expect(metadata!.horde_failure_details).toMatchObject({
      reported_by: 'validator',
      reason: 'miner_connection_failed',
    });
    expect(metadata!.horde_failure_details!.message).toContain('ECONNREFUSED');
  });
});

it('a job that the database can never store ends, and is not driven again and again', async () => {
  scene.miner.script = {
    onInitial: ({ job_uuid }, connection) => send(connection, make(AcceptJob, { job_uuid })),
  };
  await scene.start();
  await scene.place.query(
    `alter table job_event add constraint never check (status <> 'accepted') not valid`,
  );
  try {
    const uuid = await scene.send();
    const { metadata } = await scene.facilitator.update(uuid, 'failed');
    expect(metadata!.horde_failure_details).toMatchObject({
      reported_by: 'validator',
      reason: 'unhandled_exception',
      message: 'The validator failed while it drove the job.',
    });
    expect(scene.facilitator.statuses(uuid)).toEqual(['received', 'failed']);
    expect(scene.miner.initial(uuid)).toHaveLength(1);
    // The miner has it from the next validator on, which calls it for what waits.
    expect(
      await scene.place.query(
        `select payload::jsonb ->> 'score_str' as score from receipt
         where job_uuid = $1 and receipt_type = 'JobFinishedReceipt'`,
        [uuid],
      ),
    ).toEqual([{ score: '0.000000' }]);
    expect(await scene.place.query('select driver from job where uuid = $1', [uuid])).toEqual([
      { driver: null },
    ]);
  } finally {
    await scene.place.query('alter table job_event drop constraint never');
  }
});
