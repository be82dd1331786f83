import { JobFailed, make } from '@horde/protocol';
import { RecordingManager } from '@horde/testing/recording-manager';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MinerUnderTest } from '../testing/miner.ts';
import { command, leastEnvironment } from '../testing/run-command.ts';

let miner: MinerUnderTest;
beforeAll(
  async () => void (miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 1 }))),
);
afterAll(() => miner?.close());

const explain = (...words: string[]) => command(leastEnvironment(miner.databaseUrl), ['explain', ...words]);
const time = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ';

it('explain says where a job is and why, what happened when, and what became of its executor', async () => {
  const validator = await miner.validator();
  const { job_uuid: job, connection } = await validator.accepted();
  expect((await explain()).said.split('\n')).toEqual([
    expect.stringMatching(new RegExp(`^${job}  accepted, since \\d{4}-`)),
    'Next, with one of these uuids: explain UUID',
  ]);
  const executor = await miner.executor(await miner.manager.token(job));
  const waiting = (await explain(job)).said.split('\n');
  expect(waiting.slice(0, 2)).toEqual([
    `Job ${job}, class always_on.test: accepted.`,
    expect.stringMatching(/; it waits until .*\.$/),
  ]);
  expect(waiting[3]).toMatch(
    new RegExp(`^${time}  .* \\(for \\d+\\.\\d s now, of \\d+(?:\\.\\d+)? s at most\\)$`),
  );
  expect(waiting.join('\n')).toMatch(new RegExp(`^  ended by force  at ${time}, `, 'm'));

  await executor.send(make(JobFailed, { job_uuid: job, message: 'No such image.' }));
  await connection.next('V0JobFailedRequest');
  const { exitCode, said } = await explain(job);
  expect(exitCode).toBe(0);
  expect(said.split('\n').slice(0, 2)).toEqual([
    `Job ${job}, class always_on.test: failed.`,
    'No such image.',
  ]);
  expect(said).toContain(`\n  validator       ${validator.hotkey}\n`);
  expect(said).not.toContain('ended by force');
  expect((await explain()).said).toBe('No job waits, and none was let down within the last hour.');
});

it('explain says of a uuid that it does not know who may know it, and of a word that it is none', async () => {
  const { exitCode, complained } = await explain('00000000-0000-4000-8000-000000000001');
  expect(exitCode).toBe(2);
  expect(complained).toMatch(
    /^There is no job 00000000-0000-4000-8000-000000000001 here\. .*"explain" of its validator/,
  );
  expect(await explain('7')).toMatchObject({ exitCode: 2, complained: '"7" is not the uuid of a job.' });
});
