import { Keypair } from '@horde/identity';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { describe, expect, it } from 'vitest';
import { LinkFixture } from '../testing/link-fixture.ts';

const link = new LinkFixture();

const logIn = (extensions: ('ask-1' | 'progress-1')[] = ['ask-1']) =>
  ScriptedValidator.logIn(link.url, link.key, {}, extensions);

const busy = {
  could_run: false,
  reason: 'ALL_MINERS_BUSY',
  sentence: 'All are busy.',
  seconds: 7,
  candidates: [{ miner_hotkey: '5F', reason: 'busy' }],
  counts: [{ reason: 'busy', count: 1 }],
  expected_wait_seconds: 40,
};
const answerOf = (validator: ScriptedValidator, uuid: unknown, answer: object = busy) =>
  validator.sendText(JSON.stringify({ message_type: 'V0DryRunResponse', question_uuid: uuid, ...answer }));

describe('a dry run', () => {
  it('asks the validator for what decides alone, and stores nothing', async () => {
    const validator = await logIn();
    const asked = link.dryRun({ env: { SECRET: 'x' }, tag: 'never' });
    const question = await validator.next();
    expect(question).toEqual({
      message_type: 'V0DryRunRequest',
      question_uuid: expect.any(String),
      signatory: expect.any(String),
      executor_class: 'always_on.test',
      on_trusted_miner: false,
      download_time_limit: 1,
      execution_time_limit: 2,
      upload_time_limit: 4,
      streaming_start_time_limit: 3,
    });
    answerOf(validator, question['question_uuid']);
    expect(await asked).toMatchObject({
      status: 200,
      json: {
        could_run: false,
        reason: 'ALL_MINERS_BUSY',
        sentence: 'All are busy.',
        reserves: { executor_class: 'always_on.test', seconds: 7 },
        candidates: [{ miner_hotkey: '5F', reason: 'busy' }],
        counts: { busy: 1 },
        expected_wait_seconds: 40,
      },
    });
    expect(await link.query('select from job where target_validator_hotkey = $1')).toEqual([]);
    expect(await link.query('select from outbox where peer = $1')).toEqual([]);
    await validator.leave();
  });

  it('is asked over the connection that another replica has', async () => {
    const replica = await link.replica();
    const validator = await logIn();
    const asked = link.dryRun({}, replica.url);
    answerOf(validator, (await validator.next())['question_uuid']);
    expect(await asked).toMatchObject({ status: 200, json: { reason: 'ALL_MINERS_BUSY' } });
    await Promise.all([validator.leave(), replica.stop()]);
  });

  it('takes the answer of the validator that was asked, once, and no other', async () => {
    const key = Keypair.generate();
    await link.register(key);
    const [validator, other] = [await logIn(), await ScriptedValidator.logIn(link.url, key, {}, ['ask-1'])];
    const asked = link.dryRun();
    const uuid = (await validator.next())['question_uuid'];
    answerOf(other, uuid, { ...busy, sentence: 'Forged.' });
    await other.settle();
    answerOf(validator, uuid);
    answerOf(validator, uuid, { ...busy, sentence: 'Once more.' });
    answerOf(validator, 'none');
    expect((await asked).json.sentence).toBe('All are busy.');
    expect(await validator.settle()).toEqual([]);
    await Promise.all([validator.leave(), other.leave()]);
    await link.deregister();
  });

  it('needs a validator that is there, knows how to answer, and does not refuse', async () => {
    expect((await link.dryRun()).status).toBe(400);
    const plain = await logIn([]);
    expect(await link.dryRun()).toMatchObject({
      status: 409,
      json: [expect.stringContaining('is not asked')],
    });
    await plain.leave();
    await link.channels(0);
    const validator = await logIn();
    const asked = link.dryRun();
    const { question_uuid } = await validator.next();
    const refusal = { message_type: 'V0QuestionRefused', question_uuid, sentence: 'Not now.' };
    validator.sendText(JSON.stringify(refusal));
    expect(await asked).toMatchObject({ status: 409, json: [expect.stringMatching(/Not now\.$/)] });
    await validator.leave();
  });

  it('is checked as a creation is', async () => {
    const validator = await logIn();
    expect(await link.dryRun({ execution_time_limit: 'x' })).toMatchObject({
      status: 400,
      json: { execution_time_limit: [expect.any(String)] },
    });
    expect(validator.waiting).toBe(0);
    await validator.leave();
  });
});

describe('a job that is described', () => {
  it('is told of by its validator to its owner, and to nobody else', async () => {
    const validator = await logIn();
    const { json } = await link.create();
    await validator.nextJob();
    expect((await link.describe(json.uuid, Keypair.generate().address)).status).toBe(404);
    const asked = link.describe(json.uuid);
    const { message_type, question_uuid, job_uuid } = await validator.next();
    expect([message_type, job_uuid]).toEqual(['V0DescribeJobRequest', json.uuid]);
    const attempt = { number: 1, miner_hotkey: '5F', started_at: '2026-01-01T00:00:00Z' };
    validator.sendText(
      JSON.stringify({
        message_type: 'V0JobDescription',
        question_uuid,
        waits_for: 'All are busy.',
        waits_since: '2026-01-01T00:00:00Z',
        waits_until: '2026-01-01T00:00:30Z',
        attempts: [{ ...attempt, ended_at: '2026-01-01T00:00:01Z', outcome: 'declined', message: 'Busy.' }],
        choices: [{ at: '2026-01-01T00:00:00Z', sentence: 'X.', counts: [{ reason: 'busy', count: 3 }] }],
      }),
    );
    expect(await asked).toMatchObject({
      status: 200,
      json: {
        uuid: json.uuid,
        sentence: 'All are busy.',
        status: 'Sent',
        last_status: 'sent',
        waits_until: '2026-01-01T00:00:30Z',
        told_by: 'validator',
        attempts: [{ outcome: 'declined', message: 'Busy.' }],
        choices: [{ candidates: [], counts: { busy: 3 } }],
      },
    });
    await validator.leave();
  });

  it('is told of by the facilitator where its validator does not', async () => {
    const validator = await logIn([]);
    const { uuid } = (await link.create()).json;
    const sentence = async () => {
      const { json } = await link.describe(uuid);
      expect(json).toMatchObject({ told_by: 'facilitator', attempts: [], choices: [] });
      return json.sentence as string;
    };
    await validator.nextJob();
    expect(await sentence()).toBe(
      'It waits until the validator takes it: the facilitator has stored the job.',
    );
    const details = { reason: 'unknown', stage: 'execution', message: 'It printed \0.', context: null };
    await validator.update(uuid, 'failed', { job_failure_details: details });
    expect(await sentence()).toBe('It failed: It printed \0.');
    const { uuid: other } = (await link.create()).json;
    await validator.leave();
    await link.channels(0);
    expect((await link.describe(other)).json.sentence).toMatch(
      /is not connected, and does not have the job yet; it was last/,
    );
    expect((await link.describe('bad')).status).toBe(404);
  });
});

describe('a job whose validator has said what it waits for, and cannot be asked', () => {
  it('is told of by that, also while the validator is away, until a status comes', async () => {
    const validator = await logIn(['progress-1']);
    const { uuid } = (await link.create()).json;
    await validator.nextJob();
    await validator.update(uuid, 'received');
    const wait = { waits_for: 'All are busy \0.', since: '2026-01-01T00:00:00Z', until: null };
    validator.sendText(JSON.stringify({ message_type: 'V0JobWait', job_uuid: uuid, ...wait }));
    const told = async () => {
      const { sentence, told_by, waits_for, waits_since, waits_until } = (await link.describe(uuid)).json;
      expect(told_by).toBe('facilitator');
      return { sentence, waits_for, waits_since, waits_until };
    };
    await expect.poll(told).toEqual({
      sentence: wait.waits_for,
      waits_for: wait.waits_for,
      waits_since: expect.stringMatching(/^2026-01-01T00:00:00/) as string,
      waits_until: null,
    });
    await validator.leave();
    await link.channels(0);
    expect((await told()).sentence).toMatch(
      /^All are busy \0\. Its validator .+ is not connected, and tells nothing new/,
    );
    const back = await logIn(['progress-1']);
    await back.update(uuid, 'accepted');
    expect(await told()).toMatchObject({
      sentence: expect.stringMatching(/^It waits until /),
      waits_for: null,
    });
    await back.leave();
  });
});

describe('a validator that does not answer', () => {
  it('is not asked more than it may be, and its users learn of it', async () => {
    const validator = await logIn();
    const answers = await Promise.all(Array.from({ length: 25 }, () => link.dryRun()));
    const counts = Object.groupBy(answers, ({ status }) => status);
    expect(counts[429]!.length).toBeGreaterThan(0);
    expect(counts[409]![0]!.json[0]).toMatch(/did not answer within 5 s/);
    expect(Object.keys(counts)).toEqual(['409', '429']);
    expect(validator.waiting).toBeLessThanOrEqual(16);
    await validator.leave();
  });
});
