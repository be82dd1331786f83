import { Database } from '@horde/database';
import { make, JobFinished } from '@horde/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DurableExecutor } from '@horde/testing/miner-executor/durable-executor';
import { RecordingManager } from '@horde/testing/recording-manager';
import { Jobs } from '../jobs/jobs.ts';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;
afterEach(() => miner.close());

const start = async (warmExecutors = '') => {
  const manager = new RecordingManager({ 'always_on.test': 2 }).listing();
  miner = await MinerUnderTest.start(manager, warmExecutors ? { warmExecutors } : {});
};

/** The next transaction is committed, and the connection breaks before the database has said so. */
function loseNextAnswer(): void {
  const { dataSource } = miner.part(Database);
  const transaction = dataSource.transaction.bind(dataSource) as (work: unknown) => Promise<unknown>;
  vi.spyOn(dataSource, 'transaction').mockImplementationOnce(async (work: unknown) => {
    await transaction(work);
    throw new Error('Connection terminated unexpectedly');
  });
}

describe('a transaction is committed, and the answer of the database is lost', () => {
  it('when a job is accepted: its executor is started', async () => {
    await start();
    const validator = await miner.validator();
    const connection = await validator.login();
    loseNextAnswer();
    const request = validator.signed(validator.initial());
    await connection.send(request);
    await connection.next('V0AcceptJobRequest');
    const executor = await miner.executor(await miner.manager.token(request.job_uuid));
    await executor.close();
    expect(miner.manager.executors).toHaveLength(1);
  });

  it('when a job is accepted for a warm executor: it gets the job', async () => {
    await start('1');
    const token = await miner.manager.warmToken(0);
    const executor = await DurableExecutor.connect(miner.url, token);
    await expect
      .poll(() => miner.query('select 1 from warm_executor where connected_at is not null'), { interval: 5 })
      .toHaveLength(1);
    const validator = await miner.validator();
    const connection = await validator.login();
    loseNextAnswer();
    const request = validator.signed(validator.initial());
    await connection.send(request);
    expect(await executor.next('V0InitialJobRequest')).toMatchObject({ job_uuid: request.job_uuid });
    miner.manager.exit(token, 3);
    expect(await connection.next('V0HordeFailedRequest')).toMatchObject({
      message: expect.stringContaining('code 3') as string,
    });
  });

  it('when its executor is about to be started: it is started, once', async () => {
    // It cannot list what runs, so the start is claimed by itself.
    miner = await MinerUnderTest.start(new RecordingManager());
    const jobs = miner.part(Jobs);
    const claimStart = jobs.claimStart.bind(jobs);
    vi.spyOn(jobs, 'claimStart').mockImplementationOnce(async (...claim) => {
      await claimStart(...claim);
      throw new Error('Connection terminated unexpectedly');
    });
    const { job_uuid } = await (await miner.validator()).accepted();
    await miner.executor(await miner.manager.token(job_uuid));
    expect(miner.manager.executors).toHaveLength(1);
  });

  it('when a job ends: its validator hears of it on the connection that it has', async () => {
    await start();
    const { connection, job_uuid } = await (await miner.validator()).accepted();
    const executor = await miner.executor(await miner.manager.token(job_uuid));
    loseNextAnswer();
    await executor.send(
      make(JobFinished, { job_uuid, docker_process_stdout: 'done', docker_process_stderr: '' }),
    );
    await connection.next('V0JobFinishedRequest');
    expect(await miner.query('select status from job')).toEqual([{ status: 'completed' }]);
  });
});
