import { Keypair } from '@horde/identity';
import { beforeEach, describe, expect, it } from 'vitest';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { failed, LinkFixture, success } from '../testing/link-fixture.ts';

const link = new LinkFixture();
const outOfOrder = failed('job.integrity_error', 'Integrity error');

describe('the statuses of a job', () => {
  let validator: ScriptedValidator;
  let uuid: string;
  beforeEach(async () => {
    validator = await ScriptedValidator.logIn(link.url, link.key);
    uuid = (await link.create()).json.uuid;
    await validator.nextJob();
  });

  it('lead to its result', async () => {
    for (const status of ['received', 'accepted', 'executor_ready', 'volumes_ready', 'execution_done']) {
      expect(await validator.update(uuid, status)).toEqual(success);
    }
    const response = {
      docker_process_stderr: '',
      docker_process_stdout: 'h\0i é\u2028😀\n',
      artifacts: { '/artifacts/a': 'aGkK' },
      upload_results: { o: '{"headers":{},"body":""}' },
    };
    const nothing = {
      job_rejection_details: null,
      job_failure_details: null,
      horde_failure_details: null,
      streaming_details: null,
    };
    expect(await validator.update(uuid, 'completed', { miner_response: response, ...nothing })).toEqual(
      success,
    );
    const job = await link.read(uuid);
    expect(job).toMatchObject({
      status: 'Completed',
      stdout: response.docker_process_stdout,
      stderr: '',
      artifacts: response.artifacts,
      upload_results: response.upload_results,
    });
    expect(job.status_history.map(({ status }: { status: string }) => status)).toEqual([
      'sent',
      'received',
      'accepted',
      'executor_ready',
      'volumes_ready',
      'execution_done',
      'completed',
    ]);
    expect(job.status_history.at(-1).metadata).toEqual({ miner_response: response });
    expect(job.last_update).toBe(job.status_history.at(-1).created_at);
    expect(job.last_update > job.created_at).toBe(true);
  });

  it('keep what a newer validator adds, and drop nulls', async () => {
    const failure = {
      reason: 'brand_new',
      stage: 'execution',
      message: 'm',
      context: { a: null, b: null },
      hint: 'h',
    };
    const frame = JSON.stringify({
      message_type: 'V0JobStatusUpdate',
      uuid,
      status: 'failed',
      metadata: { job_failure_details: failure, comment: 'c' },
    });
    validator.sendText(frame.replace('"b":null', '"b":1e999'));
    expect(await validator.next()).toEqual(success);
    expect((await link.read(uuid)).status_history.at(-1).metadata).toEqual({
      job_failure_details: {
        reason: 'unknown',
        stage: 'execution',
        message: 'm',
        context: { a: null, b: null },
        hint: 'h',
      },
      comment: 'c',
    });
  });

  it('tell where a streaming job listens', async () => {
    const streaming_details = {
      streaming_server_cert: 'PEM',
      streaming_server_address: '10.0.0.1',
      streaming_server_port: 8443,
    };
    expect(await validator.update(uuid, 'streaming_ready', { streaming_details })).toEqual(success);
    expect(await link.read(uuid)).toMatchObject({ status: 'Streaming Ready', ...streaming_details });
  });

  it('are stored once, never go back, and end', async () => {
    expect(await validator.update(uuid, 'accepted')).toEqual(success);
    expect(await validator.update(uuid, 'accepted')).toEqual(outOfOrder);
    expect(await validator.update(uuid, 'received')).toEqual(outOfOrder);
    expect(await validator.update(uuid, 'nonsense')).toEqual(outOfOrder);
    expect(await validator.update(uuid, 'horde_failed')).toEqual(success);
    const late = {
      miner_response: { docker_process_stderr: '', docker_process_stdout: 'late', artifacts: { a: 'YQ==' } },
    };
    expect(await validator.update(uuid, 'completed', late)).toEqual(outOfOrder);
    expect(await link.read(uuid)).toMatchObject({ status: 'Failed', stdout: '', artifacts: {} });
    expect(await link.statuses(uuid)).toEqual(['sent', 'accepted', 'horde_failed']);
  });

  it('of two ends that arrive at once is one', async () => {
    const other = await ScriptedValidator.logIn(link.url, link.key);
    await other.nextJob();
    const answers = await Promise.all([validator.update(uuid, 'failed'), other.update(uuid, 'completed')]);
    expect(answers.filter(({ status }) => status === 'success')).toHaveLength(1);
    expect(await link.statuses(uuid)).toHaveLength(2);
  });

  it('are taken from its own validator only', async () => {
    const stranger = Keypair.generate();
    await link.register(stranger);
    const other = await ScriptedValidator.logIn(link.url, stranger);
    expect(await other.update(uuid, 'failed')).toEqual(failed('job.not_found', 'Job not found'));
    expect(await link.statuses(uuid)).toEqual(['sent']);
  });

  it('of a uuid that is none are answered like those of an unknown job', async () => {
    expect(await validator.update('bad', 'received')).toEqual(failed('job.not_found', 'Job not found'));
  });

  it('are answered in the order in which they came', async () => {
    const frames = ['received', 'received', 'accepted'].map((status) =>
      JSON.stringify({ message_type: 'V0JobStatusUpdate', uuid, status, metadata: null }),
    );
    for (const frame of frames) validator.sendText(frame);
    expect([await validator.next(), await validator.next(), await validator.next()]).toEqual([
      success,
      outOfOrder,
      success,
    ]);
  });
});
