import { ExecutorReady, JobFinished, make } from '@horde/protocol';
import { expect, it, onTestFinished, vi } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { Jobs } from '../jobs/jobs.ts';
import { MinerUnderTest } from '../testing/miner.ts';

it('a result that has come when the miner is told to stop is stored, although another frame is just being handled', async () => {
  const miner = await MinerUnderTest.start(new RecordingManager());
  onTestFinished(() => miner.close());
  const { job_uuid } = await (await miner.validator()).accepted();
  const executor = await miner.executor(await miner.manager.token(job_uuid));

  const jobs = miner.part(Jobs);
  const advance = jobs.advance.bind(jobs);
  const [handling, stopping] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  vi.spyOn(jobs, 'advance').mockImplementationOnce(async (...step) => {
    handling.resolve();
    await stopping.promise;
    return advance(...step);
  });
  await executor.send(make(ExecutorReady, { job_uuid }));
  await executor.send(
    make(JobFinished, { job_uuid, docker_process_stdout: 'done', docker_process_stderr: '' }),
  );
  await handling.promise;
  const stopped = miner.stop();
  // It is told so before the first frame has been handled, and so after it has sent both.
  expect((await executor.connection.closed).code).toBe(1001);
  stopping.resolve();
  await stopped;
  expect(await miner.query('select status, stdout from job join job_result on job_uuid = uuid')).toEqual([
    { status: 'completed', stdout: 'done' },
  ]);
  await miner.boot();
});
