import { beforeEach, describe, expect, it } from 'vitest';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { LinkFixture, success } from '../testing/link-fixture.ts';

const link = new LinkFixture();
const python = { 'User-Agent': 'Python/3.11 websockets/14.2' };

describe('a validator of the oldest generation', () => {
  let validator: ScriptedValidator;
  let first: string;
  beforeEach(async () => {
    validator = await ScriptedValidator.logIn(link.url, link.key, python);
    first = (await link.create()).json.uuid;
    expect(await validator.next()).toMatchObject({ uuid: first, job_namespace: 'SN1.0' });
  });

  it('is known by a status, and gets its jobs without the key that it refuses, at every replica', async () => {
    expect(await validator.update(first, 'received', { comment: '' })).toEqual(success);
    const replica = await link.replica();
    const again = await ScriptedValidator.logIn(replica.url, link.key, python);
    const { uuid } = (await link.create()).json;
    const frame = await again.next();
    expect(frame).toMatchObject({ uuid, use_gpu: true });
    expect(frame).not.toHaveProperty('job_namespace');
    await replica.stop();
  });

  it('gets again what it could not read before it was known', async () => {
    const { uuid: second } = (await link.create()).json;
    await validator.next();
    const answered = [await validator.update(first, 'received', { comment: '' }), await validator.next()];
    expect(answered).toContainEqual(success);
    expect(answered).toContainEqual(expect.objectContaining({ uuid: second, use_gpu: true }));
    expect(JSON.stringify(answered)).not.toContain('job_namespace');
  });

  it('is known by its silence about a job', async () => {
    await link.query(
      `update channel set connected_at = connected_at - interval '31 seconds' where validator_hotkey = $1`,
    );
    validator.sendText('{"message_type":"V0Heartbeat"}');
    expect(await validator.settle()).toEqual([]);
    await link.query(`update outbox set created_at = created_at - interval '31 seconds' where peer = $1`);
    validator.sendText('{"message_type":"V0Heartbeat"}');
    const frame = await validator.next();
    expect(frame).toMatchObject({ uuid: first, use_gpu: true });
    expect(frame).not.toHaveProperty('job_namespace');
    validator.sendText('{"message_type":"V0Heartbeat"}');
    expect(await validator.settle()).toEqual([]);
  });

  it('tells how a job ended', async () => {
    const response = {
      job_uuid: first,
      message_type: 'V0JobFinishedRequest',
      docker_process_stderr: '',
      docker_process_stdout: 'hi\n',
      artifacts: { '/artifacts/a': 'aGkK' },
      upload_results: null,
    };
    const metadata = { comment: 'done', miner_response: response, streaming_details: null };
    expect(await validator.update(first, 'completed', metadata)).toEqual(success);
    const { upload_results: _none, ...stored } = response;
    const job = await link.read(first);
    expect(job).toMatchObject({ status: 'Completed', stdout: 'hi\n', artifacts: response.artifacts });
    expect(job.status_history.at(-1).metadata).toEqual({ comment: 'done', miner_response: stored });
  });

  it('is one of today after an update', async () => {
    await validator.update(first, 'received', { comment: '' });
    await validator.update(first, 'failed', { miner_response: null });
    const { uuid } = (await link.create()).json;
    expect(await validator.next()).toMatchObject({ uuid, job_namespace: 'SN1.0' });
  });
});
