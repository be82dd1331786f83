import { ExecutorReady, MainHotkey, make } from '@horde/protocol';
import { afterEach, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest | null = null;
afterEach(async () => {
  await miner?.close();
  miner = null;
});

it('a validator that sends frames too fast is read more slowly, on all its connections together, and none is closed', async () => {
  miner = await MinerUnderTest.start(new RecordingManager(), { framesPerSecond: 20 });
  const validator = await miner.validator();
  const [one, two] = [await validator.login(), await validator.login()];
  const other = await (await miner.validator()).login();
  const begin = performance.now();
  // 40 are allowed at once, and 20 more in each second.
  for (let i = 0; i < 35; i++) for (const peer of [one, two]) void peer.send(make(MainHotkey, {}));
  await other.send(make(MainHotkey, {}));
  await other.next('V0MainHotkeyMessage');
  expect(performance.now() - begin).toBeLessThan(1_000);
  for (let i = 0; i < 35; i++) for (const peer of [one, two]) await peer.next('V0MainHotkeyMessage');
  expect(performance.now() - begin).toBeGreaterThan(1_300);
  expect([one, two].every((peer) => peer.connection.isOpen)).toBe(true);
});

it('a validator that sends too many lines that are none is read more slowly, and told of each', async () => {
  miner = await MinerUnderTest.start(new RecordingManager(), { framesPerSecond: 2 });
  const flooder = await (await miner.validator()).durable(['durable-1']);
  const lines = 8;
  for (let i = 0; i < lines; i++) void flooder.connection.sendText('["ack"]');
  const complaints = () => flooder.heard.filter((heard) => heard.is === 'plain').length - 1; // the manifest
  await (await miner.validator()).accepted();
  expect(complaints()).toBeLessThan(lines);
  for (let i = 0; i < lines; i++) await flooder.nextFrame('GenericError');
  expect(flooder.connection.isOpen).toBe(true);
});

it.each(['ack', 'resume'] as const)(
  'a validator that sends too many lines is read more slowly, and loses nothing: %s',
  async (word) => {
    miner = await MinerUnderTest.start(new RecordingManager(), { framesPerSecond: 1 });
    const validator = await miner.validator();
    const flooder = await validator.durable(['durable-1']);
    const request = validator.signed(validator.initial());
    const { job_uuid } = request;
    await flooder.message(job_uuid, 1, request);
    await flooder.nextFrame('V0AcceptJobRequest');
    const jobs = Array.from({ length: 8 }, () => crypto.randomUUID());
    for (const job of jobs) void flooder.connection.sendText(JSON.stringify([word, job, 1]));
    await flooder.plain(make(MainHotkey, {}));

    // Another's whole job is done before the lines are.
    const other = await (await miner.validator()).accepted();
    const executor = await miner.executor(await miner.manager.token(other.job_uuid));
    await executor.send(make(ExecutorReady, { job_uuid: other.job_uuid }));
    await other.connection.next('V0ExecutorReadyRequest');
    expect(flooder.heard.filter((heard) => heard.is === 'plain')).toHaveLength(1); // the manifest

    const own = await miner.executor(await miner.manager.token(job_uuid));
    await own.send(make(ExecutorReady, { job_uuid }));
    await flooder.nextFrame('V0ExecutorReadyRequest');
    await flooder.nextFrame('V0MainHotkeyMessage');
    const resumes = flooder.heard.filter((heard) => heard.is === 'resume');
    expect(resumes).toEqual(word === 'resume' ? jobs.map((job) => ({ is: 'resume', job, number: 0 })) : []);
    expect(flooder.types()).toEqual(['V0AcceptJobRequest', 'V0ExecutorReadyRequest']);
    expect(flooder.connection.isOpen).toBe(true);
  },
);

it('a validator that asks for too many jobs in a minute has the rest declined, with a sentence, and nothing is stored', async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 100 }), { jobsPerMinute: 2 });
  const validator = await miner.validator();
  const connection = await validator.login();
  for (let i = 0; i < 2; i++) {
    await connection.send(validator.signed(validator.initial()));
    await connection.next('V0AcceptJobRequest');
  }
  const request = validator.signed(validator.initial());
  await connection.send(request);
  expect(await connection.next('V0DeclineJobRequest')).toMatchObject({
    job_uuid: request.job_uuid,
    reason: 'busy',
    message: 'This validator asks for more jobs in a minute than the miner looks at.',
  });
  expect(await miner.query('select 1 from job')).toHaveLength(2);
  const other = await miner.validator();
  await other.accepted();
});
