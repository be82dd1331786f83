import { CancelJob, JobFinished, make } from '@horde/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { DurableExecutor } from '@horde/testing/miner-executor/durable-executor';
import type { Peer } from '@horde/testing/peer';
import type { ScriptedValidator } from '@horde/testing/validator-miner/scripted-validator';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;
afterEach(() => miner.close());

const start = async (slots: number, settings: { warmExecutors?: string } = {}) => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': slots }).listing(), settings);
};
const finished = (job_uuid: string) =>
  make(JobFinished, { job_uuid, docker_process_stdout: '', docker_process_stderr: '' });

/** Asks for a job. @returns its uuid, when the miner has handled the request */
async function ask(validator: ScriptedValidator, connection: Peer): Promise<string> {
  const request = validator.signed(validator.initial());
  await connection.send(request);
  await connection.settled();
  return request.job_uuid;
}

/** A job that has ended and whose executor still runs. @returns the executor's token */
async function endingJob(): Promise<string> {
  const validator = await miner.validator();
  const { connection, job_uuid } = await validator.accepted();
  const token = await miner.manager.token(job_uuid);
  const executor = await miner.executor(token);
  await executor.send(finished(job_uuid));
  await connection.next('V0JobFinishedRequest');
  await connection.close();
  return token;
}
const answers = (peer: Peer) =>
  peer.frames
    .filter(({ message_type }) => /Accept|Decline/.test(message_type))
    .map(({ message_type, job_uuid }) => [job_uuid, message_type]);

describe('a hundred jobs, each sent as soon as the one before it has ended, on one executor', () => {
  it(
    'are all accepted although each executor exits only after the next job has come',
    { timeout: 120_000 },
    async () => {
      await start(1);
      const validator = await miner.validator();
      const connection = await validator.login();
      let leaving: string | null = null;
      for (let n = 0; n < 100; n++) {
        const job_uuid = await ask(validator, connection);
        if (leaving) {
          expect(answers(connection)).toHaveLength(n);
          miner.manager.exit(leaving, 0);
        }
        await expect
          .poll(() => answers(connection)[n], { interval: 1 })
          .toEqual([job_uuid, 'V0AcceptJobRequest']);
        leaving = await miner.manager.token(job_uuid);
        const executor = await miner.executor(leaving);
        await executor.send(finished(job_uuid));
        await connection.next('V0JobFinishedRequest');
      }
    },
  );

  it('are all accepted where the executors are warm', { timeout: 120_000 }, async () => {
    await start(1, { warmExecutors: '1' });
    const validator = await miner.validator();
    const connection = await validator.login();
    let leaving: string | null = null;
    await miner.manager.warmToken(0);
    for (let n = 0; n < 100; n++) {
      const job_uuid = await ask(validator, connection);
      if (leaving) miner.manager.exit(leaving, 0);
      await expect
        .poll(() => answers(connection)[n], { interval: 1 })
        .toEqual([job_uuid, 'V0AcceptJobRequest']);
      // It has got the warm executor that takes the place of the last one, or one of its own, whichever came first.
      leaving = (
        await miner.query<{ executor_token: string }>(
          'select executor_token from job where uuid = $1',
          job_uuid,
        )
      )[0]!.executor_token;
      const executor = await DurableExecutor.connect(miner.url, leaving);
      await executor.next('V0InitialJobRequest');
      await executor.say(finished(job_uuid));
      await connection.next('V0JobFinishedRequest');
    }
    expect(miner.manager.executors.some(({ request: { token } }) => token.startsWith('warm-'))).toBe(true);
  });
});

describe('a job that waits for a slot', () => {
  it('keeps neither the frames behind it waiting nor a job of another class', async () => {
    await start(1);
    miner.manager.offered['always_on.cpu.8c.16gb'] = 1;
    const validator = await miner.validator();
    const token = await endingJob();
    const connection = await validator.login();
    const waiting = await ask(validator, connection);
    const other = validator.signed(validator.initial({ executor_class: 'always_on.cpu.8c.16gb' }));
    await connection.send(other);
    expect(await connection.next('V0AcceptJobRequest')).toMatchObject({ job_uuid: other.job_uuid });
    miner.manager.exit(token, 0);
    expect(await connection.next('V0AcceptJobRequest')).toMatchObject({ job_uuid: waiting });
  });

  it('is served in the order in which they came, and one for which no slot is freed is declined at once', async () => {
    await start(2);
    const validators = [await miner.validator(), await miner.validator(), await miner.validator()] as const;
    const tokens = [await endingJob(), await endingJob()];
    const connections = await Promise.all(validators.map((validator) => validator.login()));
    const uuids: string[] = [];
    for (const [n, validator] of validators.entries()) uuids.push(await ask(validator, connections[n]!));
    await expect.poll(() => answers(connections[2]!)).toEqual([[uuids[2], 'V0DeclineJobRequest']]);
    expect(answers(connections[0]!)).toEqual([]);
    miner.manager.exit(tokens[1]!, 0);
    expect(await connections[0]!.next('V0AcceptJobRequest')).toMatchObject({ job_uuid: uuids[0] });
    expect(answers(connections[1]!)).toEqual([]);
    miner.manager.exit(tokens[0]!, 0);
    await connections[1]!.next('V0AcceptJobRequest');
  });

  it('and is asked for again has one answer, which the newest connection gets; another validator is refused', async () => {
    await start(1);
    const validator = await miner.validator();
    const token = await endingJob();
    const connection = await validator.login();
    const request = validator.signed(validator.initial());
    for (let n = 0; n < 3; n++) await connection.send(request);
    await connection.settled();
    const newest = await validator.login();
    await newest.send(request);
    await newest.settled();
    const stranger = await miner.validator();
    const other = await stranger.login();
    await other.send(stranger.signed(stranger.initial({ job_uuid: request.job_uuid })));
    expect(await other.next('GenericError')).toMatchObject({
      details: `Another validator has a job ${request.job_uuid} here.`,
    });
    expect([connection, newest].map(answers)).toEqual([[], []]);
    miner.manager.exit(token, 0);
    await newest.next('V0AcceptJobRequest');
    await connection.settled();
    expect([...answers(connection), ...answers(newest)].length).toBeLessThanOrEqual(2);
    await miner.manager.token(request.job_uuid);
    expect(
      miner.manager.executors.filter(({ request: { jobUuid } }) => jobUuid === request.job_uuid),
    ).toHaveLength(1);
  });

  it('is declined after five seconds when the executor stays', async () => {
    await start(1);
    const validator = await miner.validator();
    await endingJob();
    const connection = await validator.login();
    const job_uuid = await ask(validator, connection);
    expect(answers(connection)).toEqual([]);
    expect(await connection.next('V0DeclineJobRequest')).toMatchObject({ job_uuid, reason: 'busy' });
  });

  it('is forgotten with its connection, and leaves its place to the next', async () => {
    await start(1);
    const [first, second] = [await miner.validator(), await miner.validator()];
    const token = await endingJob();
    const gone = await first.login();
    const forgotten = await ask(first, gone);
    await gone.close();
    const connection = await second.login();
    // The miner hears of the end by itself: until it has, there is no place for another.
    await expect
      .poll(async () => {
        const job_uuid = await ask(second, connection);
        return answers(connection).some(([uuid]) => uuid === job_uuid);
      })
      .toBe(false);
    miner.manager.exit(token, 0);
    await connection.next('V0AcceptJobRequest');
    expect(await miner.query('select 1 from job where uuid = $1', forgotten)).toEqual([]);
  });

  it('sees a slot that it was not told of', async () => {
    await start(1);
    const validator = await miner.validator();
    await endingJob();
    const connection = await validator.login();
    const job_uuid = await ask(validator, connection);
    await miner.query('update job set slot_held = false where slot_held');
    expect(await connection.next('V0AcceptJobRequest')).toMatchObject({ job_uuid });
  });

  it('is answered at once when it is cancelled', async () => {
    await start(1);
    const validator = await miner.validator();
    await endingJob();
    const connection = await validator.login();
    const job_uuid = await ask(validator, connection);
    await connection.send(make(CancelJob, { job_uuid, cancelled_by: 'user' }));
    await connection.settled();
    expect(await miner.query('select status from job where uuid = $1', job_uuid)).toEqual([
      { status: 'rejected' },
    ]);
    await expect.poll(() => answers(connection)).toEqual([[job_uuid, 'V0DeclineJobRequest']]);
  });

  it('is not acknowledged before it is stored, and comes again after a restart of the miner', async () => {
    await start(1);
    const validator = await miner.validator();
    const token = await endingJob();
    const connection = await validator.durable();
    const request = validator.signed(validator.initial());
    await connection.message(request.job_uuid, 1, request);
    await connection.settled();
    expect(connection.heard.filter(({ is }) => is === 'ack')).toEqual([]);
    await miner.stop();
    await connection.connection.closed;
    expect(await miner.query('select 1 from job where uuid = $1', request.job_uuid)).toEqual([]);
    await miner.boot();
    const again = await validator.durable();
    await again.resume(request.job_uuid, 0);
    expect(await again.resumed()).toBe(0);
    await again.message(request.job_uuid, 1, request);
    await again.settled();
    expect(again.heard.filter(({ is }) => is === 'ack')).toEqual([]);
    miner.manager.exit(token, 0);
    await again.nextFrame('V0AcceptJobRequest');
    await again.acknowledged(1);
  });
});
