import { randomUUID } from 'node:crypto';
import {
  AcceptJob,
  ExecutionDone,
  ExecutorReady,
  JobFailed,
  MachineSpecs,
  MachineSpecsUpdate,
  StreamingDetails,
  StreamingJobReady,
  VolumesReady,
  make,
  type JsonValue,
} from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import { finished, send, wholeJob } from '@horde/testing/validator-miner/miner-script';
import { Scene } from '../testing/scene.ts';

const scene = new Scene();

describe('a job that goes well', () => {
  it('is told to the facilitator status by status, and paid with three receipts that the miner can verify', async () => {
    scene.miner.script = wholeJob;
    await scene.start({ VALIDATOR_VERSION: '1.2', VALIDATOR_RUNNER_VERSION: '3.4' });
    const uuid = await scene.send();
    const { metadata } = await scene.facilitator.update(uuid, 'completed');

    expect(scene.facilitator.statuses(uuid)).toEqual([
      'received',
      'accepted',
      'executor_ready',
      'volumes_ready',
      'execution_done',
      'completed',
    ]);
    expect(scene.facilitator.headers[0]).toMatchObject({
      'x-validator-version': '1.2',
      'x-validator-runner-version': '3.4',
    });
    expect(metadata!.miner_response).toMatchObject({
      docker_process_stdout: 'hi\n',
      docker_process_stderr: 'a NUL: \uFFFD',
      artifacts: new Map([['/artifacts/a', 'aGkK']]),
    });
    const receipt = await scene.miner.finishedReceipt(uuid);
    expect(receipt.payload).toMatchObject({
      score_str: '20.000000',
      block_numbers: [],
      miner_hotkey: scene.miner.keypair.address,
    });
    expect(receipt.payload.time_took_us).toBeGreaterThan(0);
    const [initial] = scene.miner.initial(uuid);
    expect(initial).toMatchObject({
      timeout_seconds: 300,
      docker_image: 'horde/hello:1',
      executor_timing: {
        allowed_leeway: 5,
        download_time_limit: 5,
        execution_time_limit: 10,
        upload_time_limit: 5,
      },
      job_started_receipt_payload: {
        ttl: 7,
        is_organic: true,
        validator_hotkey: scene.place.keypair.address,
      },
    });
    const [job] = scene.miner.all('V0JobRequest');
    expect(job).toMatchObject({
      docker_run_cmd: ['echo', 'hi'],
      docker_run_options_preset: 'none',
      volume: null,
      artifacts_dir: '/artifacts',
    });
    expect([...job!.env]).toEqual([
      ['10', 'x'],
      ['9', 'y'],
    ]);
    expect(scene.miner.all('V0JobAcceptedReceiptRequest')[0]!.payload.ttl).toBe(3 + 5 + 5 + 5 + 10 + 5);
    expect(scene.miner.badSignatures).toEqual([]);
    const connection = scene.miner.connections.items[0]!;
    expect(await connection.closed).toMatchObject({ code: 1000 });
  });

  it('leaves nothing in the outbox once the facilitator has answered, and has told it of the machine once', async () => {
    const machine = new Map([['os', 'Debian']]);
    scene.miner.script = {
      ...wholeJob,
      onJob: async (request, connection) => {
        const { job_uuid } = request;
        const told = (specs: Map<string, JsonValue>) => make(MachineSpecs, { job_uuid, specs });
        await send(connection, told(machine), told(new Map([['specs', 'x'.repeat(100_001)]])));
        await send(connection, told(new Map([['specs', machine]])), told(new Map([['specs', new Map()]])));
        await wholeJob.onJob(request, connection);
      },
    };
    await scene.start();
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'completed');
    await expect.poll(() => scene.waiting(uuid)).toBe(0);
    expect(scene.facilitator.machines.items).toEqual([
      make(MachineSpecsUpdate, {
        miner_hotkey: scene.miner.keypair.address,
        validator_hotkey: scene.place.keypair.address,
        specs: machine,
        batch_id: uuid,
      }),
    ]);
  });

  it('tells where a streaming job listens, once it does', async () => {
    scene.miner.script = {
      ...wholeJob,
      onJob: ({ job_uuid }, connection) =>
        send(
          connection,
          make(VolumesReady, { job_uuid }),
          make(StreamingJobReady, { job_uuid, public_key: 'PEM', ip: '203.0.113.5', port: 6006 }),
          make(ExecutionDone, { job_uuid }),
          finished(job_uuid),
        ),
    };
    await scene.start();
    const uuid = await scene.send({
      streaming_details: make(StreamingDetails, { public_key: 'CLIENT' }),
      streaming_start_time_limit: 5,
    });
    await scene.facilitator.update(uuid, 'completed');
    expect(scene.facilitator.statuses(uuid)).toContain('streaming_ready');
    const { metadata } = await scene.facilitator.update(uuid, 'streaming_ready');
    expect(metadata!.streaming_details).toEqual({
      streaming_server_cert: 'PEM',
      streaming_server_address: '203.0.113.5',
      streaming_server_port: 6006,
    });
  });

  it('passes the stages that its miner did not report', async () => {
    scene.miner.script = {
      onInitial: ({ job_uuid }, connection) => send(connection, make(ExecutorReady, { job_uuid })),
      onJob: ({ job_uuid }, connection) => send(connection, finished(job_uuid)),
    };
    await scene.start();
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'completed');
    expect(scene.facilitator.statuses(uuid)).toEqual([
      'received',
      'accepted',
      'executor_ready',
      'volumes_ready',
      'execution_done',
      'completed',
    ]);
    expect(scene.miner.all('V0JobAcceptedReceiptRequest')).toHaveLength(1);
  });

  it('is not finished by a result that comes before it was sent', async () => {
    scene.miner.script = {
      onInitial: ({ job_uuid }, connection) =>
        send(connection, make(AcceptJob, { job_uuid }), finished(job_uuid)),
    };
    await scene.start({ DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT: '0' });
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'failed');
    expect(scene.facilitator.statuses(uuid)).toEqual(['received', 'accepted', 'failed']);
  });

  it('ignores what the miner says about other jobs, and what it says twice', async () => {
    const other = randomUUID();
    scene.miner.script = {
      onInitial: ({ job_uuid }, connection) =>
        send(
          connection,
          make(JobFailed, { job_uuid: other, reason: 'timeout' }),
          make(AcceptJob, { job_uuid }),
          make(AcceptJob, { job_uuid }),
          make(ExecutorReady, { job_uuid }),
        ),
      onJob: ({ job_uuid }, connection) =>
        send(
          connection,
          make(VolumesReady, { job_uuid }),
          make(VolumesReady, { job_uuid }),
          finished(job_uuid),
          finished(job_uuid),
        ),
    };
    await scene.start();
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'completed');
    await scene.miner.finishedReceipt(uuid);
    expect(scene.facilitator.statuses(uuid)).toEqual([
      'received',
      'accepted',
      'executor_ready',
      'volumes_ready',
      'execution_done',
      'completed',
    ]);
    expect(scene.miner.all('V0JobRequest')).toHaveLength(1);
  });
});
