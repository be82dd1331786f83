import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { Draining } from '../jobs/draining.ts';
import { command, leastEnvironment } from '../testing/run-command.ts';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 3 }).listing(), {
    warmExecutors: '1',
  });
});
afterAll(() => miner.close());

const drain = (words: string[] = [], signal?: AbortSignal) =>
  command(leastEnvironment(miner.databaseUrl), ['drain', ...words], signal);
const draining = (isOn: boolean) => expect.poll(() => miner.part(Draining).isOn, { interval: 20 }).toBe(isOn);

describe('a miner that is drained', () => {
  it('takes jobs again at the limit, and when whoever waits is interrupted', async () => {
    const { job_uuid } = await (await miner.validator()).accepted();
    const late = drain(['--within', '0']);
    await draining(true);
    expect(await late).toMatchObject({ exitCode: 1, complained: expect.stringContaining('taken again') });
    await draining(false);
    const interrupted = new AbortController();
    const waiting = drain([], interrupted.signal);
    await draining(true);
    interrupted.abort();
    expect((await waiting).exitCode).toBe(130);
    await draining(false);
    miner.manager.exit(await miner.manager.token(job_uuid), 0);
  });

  it('declines new jobs with a sentence, ends those that are warm, and is waited for until its jobs have ended', async () => {
    const validator = await miner.validator();
    const { connection, job_uuid } = await validator.accepted();
    const waiting = drain();
    await draining(true);
    const refused = validator.signed(validator.initial());
    await connection.send(refused);
    expect(await connection.next('V0DeclineJobRequest')).toMatchObject({
      job_uuid: refused.job_uuid,
      reason: 'busy',
      message: 'This miner takes no new jobs for now: its operator is about to stop or to move it.',
    });
    miner.manager.exit(await miner.manager.token(job_uuid), 0);
    const { exitCode, said, complained } = await waiting;
    expect([exitCode, complained]).toEqual([0, '']);
    expect(said).toMatch(/No job runs\. .+ stop the miner now\.$/);
    expect(await miner.query('select token from warm_executor')).toEqual([]);
    expect(miner.part(Draining).isOn).toBe(true);
  });

  it('takes what a validator sends again of a job that it has taken before', async () => {
    const validator = await miner.validator();
    const request = validator.signed(validator.initial());
    const connection = await validator.login();
    miner.part(Draining)['until'] = 0;
    await connection.send(request);
    await connection.next('V0AcceptJobRequest');
    const waiting = drain();
    await draining(true);
    const again = await validator.login();
    await again.send(request);
    expect((await again.next('V0AcceptJobRequest', 'V0DeclineJobRequest')).message_type).toBe(
      'V0AcceptJobRequest',
    );
    miner.manager.exit(await miner.manager.token(request.job_uuid), 0);
    expect((await waiting).exitCode).toBe(0);
  });
});
