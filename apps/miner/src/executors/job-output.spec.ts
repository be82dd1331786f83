import { JobFinished, JobOutput, make, writeFrame } from '@horde/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 100 }));
});
afterAll(() => miner.close());

/** A job of a validator that speaks these extensions, and its executor. */
async function started(extensions?: ('durable-1' | 'logs-1')[]) {
  const validator = await miner.validator();
  const connection = await validator.durable(extensions);
  const request = validator.signed(validator.initial());
  const { job_uuid } = request;
  if (extensions && !extensions.includes('durable-1')) await connection.plain(request);
  else await connection.message(job_uuid, 1, request);
  await connection.nextFrame('V0AcceptJobRequest');
  const executor = await miner.durable(await miner.manager.token(job_uuid));
  await executor.nextFrame('V0InitialJobRequest');
  return { validator, connection, job_uuid, executor };
}

const output = (job_uuid: string, offset: number, text: string) =>
  make(JobOutput, { job_uuid, stream: 'stdout', offset, text });
const finished = (job_uuid: string) =>
  make(JobFinished, { job_uuid, docker_process_stdout: 'all', docker_process_stderr: '' });

describe('what a job prints', () => {
  it.each([[undefined], [['logs-1' as const]]])(
    'reaches its validator while it runs, word for word, on connections with %j',
    async (extensions) => {
      const { connection, job_uuid, executor } = await started(extensions);
      await executor.plain(output(job_uuid, 0, 'ŻÓŁW 😀\n'));
      const { raw } = await connection.nextFrame('V0JobOutput');
      expect(raw).toBe(writeFrame(output(job_uuid, 0, 'ŻÓŁW 😀\n')));
    },
  );

  it('is not sent to a validator that has not asked for it', async () => {
    const { connection, job_uuid, executor } = await started(['durable-1']);
    await executor.plain(output(job_uuid, 0, 'hello'));
    await executor.message(job_uuid, 1, finished(job_uuid));
    await connection.nextFrame('V0JobFinishedRequest');
    await connection.settled();
    expect(
      connection.heard.flatMap((heard) => ('frame' in heard ? [heard.frame.message_type] : [])),
    ).not.toContain('V0JobOutput');
  });

  it('is refused when it is another job’s, or in pieces that are too large', async () => {
    const { connection, job_uuid, executor } = await started();
    const other = await started();
    await executor.plain(output(other.job_uuid, 0, 'forged'));
    expect((await executor.nextFrame('GenericError'))['details']).toMatch(/not the job of this token/);
    await executor.plain(output(job_uuid, 0, 'x'.repeat(300_000)));
    expect((await executor.nextFrame('GenericError'))['details']).toMatch(/^text: .*at most/);
    await executor.plain(output(job_uuid, 0, 'good'));
    expect(await connection.nextFrame('V0JobOutput')).toMatchObject({ text: 'good' });
    expect(other.connection.types()).toEqual(['V0AcceptJobRequest']);
  });

  it('is dropped for a validator that cannot keep up, and its result is not', async () => {
    const { connection, job_uuid, executor } = await started();
    connection.connection.hold();
    const piece = 'x'.repeat(200_000);
    const pieces = 100;
    for (let i = 0; i < pieces; i++) await executor.plain(output(job_uuid, i * piece.length, piece));
    await executor.message(job_uuid, 1, finished(job_uuid));
    await executor.acknowledged(1);
    connection.connection.trust();
    await connection.nextFrame('V0JobFinishedRequest');
    const arrived = connection.heard.filter(
      (heard) => heard.is === 'plain' && heard.frame.message_type === 'V0JobOutput',
    );
    expect(arrived.length).toBeGreaterThan(0);
    expect(arrived.length).toBeLessThan(pieces);
  });
});
