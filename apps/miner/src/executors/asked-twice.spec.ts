import { ExecutorReady, make } from '@horde/protocol';
import { expect, it, onTestFinished } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';

it('a job that is asked for twice, whose warm executor cannot be started, gets one of its own', async () => {
  const manager = new RecordingManager({ 'always_on.test': 1 }).listing();
  const fails = Promise.withResolvers<never>();
  const { start } = manager;
  manager.start = () => {
    manager.start = start;
    return fails.promise;
  };
  const miner = await MinerUnderTest.start(manager, { warmExecutors: '1' });
  onTestFinished(() => miner.close());
  await expect.poll(() => miner.query('select 1 from warm_executor')).toHaveLength(1);
  const validator = await miner.validator();
  const connection = await validator.login();
  const request = validator.signed(validator.initial());
  const { job_uuid } = request;
  await connection.send(request);
  await connection.next('V0AcceptJobRequest');
  for (let i = 0; i < 3; i++) await connection.send(request);
  await connection.settled();
  fails.reject(new Error('The engine says no.'));
  const token = await manager.token(job_uuid);
  const executor = await miner.executor(token);
  await executor.send(make(ExecutorReady, { job_uuid }));
  await connection.next('V0ExecutorReadyRequest');
  expect(await miner.query('select executor_token from job')).toEqual([{ executor_token: token }]);
});
