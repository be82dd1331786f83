import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningMiner } from './running-miner.ts';

const count = Number(process.env['JOBS_WITHOUT_PAUSE'] ?? 20);

describe.each([
  [count, 'one executor', { PROCESS_EXECUTORS: '1' }],
  [20, 'one executor that is warm', { PROCESS_EXECUTORS: '1', WARM_EXECUTORS: '1' }],
])('%i jobs, each sent as soon as the one before it has ended, on %s', (jobs, _what, environment) => {
  let miner: RunningMiner;
  beforeAll(async () => {
    miner = await RunningMiner.start(environment);
  });
  afterAll(() => miner.close());

  it('are all accepted, although the executors take a moment to exit', { timeout: 600_000 }, async () => {
    const validator = await miner.validator();
    const connection = await validator.login();
    for (let n = 0; n < jobs; n++) {
      const request = validator.signed(validator.initial());
      const { job_uuid } = request;
      await connection.send(request);
      const answer = await connection.next('V0AcceptJobRequest', 'V0DeclineJobRequest');
      expect(answer).toMatchObject({ message_type: 'V0AcceptJobRequest', job_uuid });
      await connection.next('V0ExecutorReadyRequest');
      await connection.send(validator.signed(validator.payload(job_uuid, { docker_run_cmd: ['true'] })));
      await connection.next('V0JobFinishedRequest');
    }
  });
});
