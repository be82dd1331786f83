import { Keypair } from '@horde/identity';
import type { Extension } from '@horde/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { Cancellations } from '../jobs/cancellations.ts';
import { OverdueJobs } from '../jobs/overdue-jobs.ts';
import { failed, LinkFixture, success } from '../testing/link-fixture.ts';

const link = new LinkFixture();
const outOfOrder = failed('job.integrity_error', 'Integrity error');

describe.each<[string, Extension[]]>([
  ['on plain v0', []],
  ['on durable-1', ['durable-1']],
])('the statuses of a job, %s,', (_link, extensions) => {
  const logIn = (key = link.key) => ScriptedValidator.logIn(link.url, key, {}, extensions);
  /** What changes nothing is refused, or acknowledged. */
  const changesNothing = extensions.length === 0 ? outOfOrder : success;
  /** On durable-1 that is a complaint beside the acknowledgement. */
  const toldUnknown = async (from: ScriptedValidator, job: string) => {
    const answer = await from.update(job, 'received');
    return extensions.length === 0 ? answer : from.next();
  };
  let validator: ScriptedValidator;
  let uuid: string;
  beforeEach(async () => {
    validator = await logIn();
    uuid = (await link.create()).json.uuid;
    await validator.nextJob();
  });

  it('lead to its result', async () => {
    for (const status of ['received', 'accepted', 'executor_ready', 'volumes_ready', 'execution_done']) {
      expect(await validator.update(uuid, status)).toEqual(success);
    }
    const response = {
      docker_process_stderr: '',
      docker_process_stdout: 'h\0i é\u2028😀\n',
      artifacts: { '/artifacts/a': 'aGkK' },
      upload_results: { o: '{"headers":{},"body":""}' },
    };
    const nothing = {
      job_rejection_details: null,
      job_failure_details: null,
      horde_failure_details: null,
      streaming_details: null,
    };
    expect(await validator.update(uuid, 'completed', { miner_response: response, ...nothing })).toEqual(
      success,
    );
    const job = await link.read(uuid);
    expect(job).toMatchObject({
      status: 'Completed',
      stdout: response.docker_process_stdout,
      stderr: '',
      artifacts: response.artifacts,
      upload_results: response.upload_results,
    });
    expect(job.status_history.map(({ status }: { status: string }) => status)).toEqual([
      'sent',
      'received',
      'accepted',
      'executor_ready',
      'volumes_ready',
      'execution_done',
      'completed',
    ]);
    expect(job.status_history.at(-1).metadata).toEqual({ miner_response: response });
    expect(job.last_update).toBe(job.status_history.at(-1).created_at);
    expect(job.last_update > job.created_at).toBe(true);
  });

  it('keep what a newer validator adds, and drop nulls', async () => {
    const failure = {
      reason: 'brand_new',
      stage: 'execution',
      message: 'm',
      context: { a: null, b: null },
      hint: 'h',
    };
    const frame = JSON.stringify({
      message_type: 'V0JobStatusUpdate',
      uuid,
      status: 'failed',
      metadata: { job_failure_details: failure, comment: 'c' },
    });
    validator.sendText(frame.replace('"b":null', '"b":1e999'));
    expect(await validator.next()).toEqual(success);
    expect((await link.read(uuid)).status_history.at(-1).metadata).toEqual({
      job_failure_details: {
        reason: 'unknown',
        stage: 'execution',
        message: 'm',
        context: { a: null, b: null },
        hint: 'h',
      },
      comment: 'c',
    });
  });

  it('tell where a streaming job listens', async () => {
    const streaming_details = {
      streaming_server_cert: 'PEM',
      streaming_server_address: '10.0.0.1',
      streaming_server_port: 8443,
    };
    expect(await validator.update(uuid, 'streaming_ready', { streaming_details })).toEqual(success);
    expect(await link.read(uuid)).toMatchObject({ status: 'Streaming Ready', ...streaming_details });
    await validator.update(uuid, 'completed', {
      miner_response: { docker_process_stderr: '', docker_process_stdout: '', artifacts: {} },
    });
    expect(await link.read(uuid)).toMatchObject({ status: 'Completed', ...streaming_details });
  });

  it('are stored once, never go back, and end', async () => {
    expect(await validator.update(uuid, 'accepted')).toEqual(success);
    expect(await validator.update(uuid, 'accepted')).toEqual(changesNothing);
    expect(await validator.update(uuid, 'received')).toEqual(changesNothing);
    expect(await validator.update(uuid, 'nonsense')).toEqual(changesNothing);
    expect(await validator.update(uuid, 'horde_failed')).toEqual(success);
    const late = {
      miner_response: { docker_process_stderr: '', docker_process_stdout: 'late', artifacts: { a: 'YQ==' } },
    };
    expect(await validator.update(uuid, 'completed', late)).toEqual(changesNothing);
    expect(await link.read(uuid)).toMatchObject({ status: 'Failed', stdout: '', artifacts: {} });
    expect(await link.statuses(uuid)).toEqual(['sent', 'accepted', 'horde_failed']);
  });

  it('that arrive at once keep what each of them tells', async () => {
    const other = await logIn();
    await other.nextJob();
    const streaming_details = {
      streaming_server_cert: 'PEM',
      streaming_server_address: '10.0.0.1',
      streaming_server_port: 8443,
    };
    const artifacts = { '/artifacts/a': 'aGkK' };
    const miner_response = { docker_process_stderr: '', docker_process_stdout: 'hi', artifacts };
    await Promise.all([
      validator.update(uuid, 'streaming_ready', { streaming_details }),
      other.update(uuid, 'completed', { miner_response }),
    ]);
    expect(await link.read(uuid)).toMatchObject({
      status: 'Completed',
      artifacts,
      ...((await link.statuses(uuid)).includes('streaming_ready') && streaming_details),
    });
  });

  it('that make no sense end neither the connection nor anything else', async () => {
    const say = (more: object) =>
      validator.sendText(
        JSON.stringify({ message_type: 'V0JobStatusUpdate', uuid, metadata: null, ...more }),
      );
    const odd = [
      { status: 'x' },
      { status: 'received', uuid: '\0' },
      { status: 'received', uuid: 5 },
      { status: 'received', metadata: [] },
      { status: 'streaming_ready', metadata: { streaming_details: { streaming_server_port: '1e9' } } },
      { status: 'completed', metadata: { miner_response: 'x' } },
      { status: 'failed', metadata: { job_failure_details: { context: 'x' } } },
    ];
    for (const more of odd) say(more);
    const answers = await validator.settle();
    expect(answers.map(({ status }) => status)).toEqual(odd.map(() => 'error'));
    expect(await validator.update(uuid, 'streaming_ready')).toEqual(success);
    expect(await validator.update(uuid, 'completed')).toEqual(success);
    expect(await link.statuses(uuid)).toEqual(['sent', 'streaming_ready', 'completed']);
  });

  it('of two ends that arrive at once is one', async () => {
    const other = await logIn();
    await other.nextJob();
    const answers = await Promise.all([validator.update(uuid, 'failed'), other.update(uuid, 'completed')]);
    expect(answers.filter(({ status }) => status === 'success')).toHaveLength(extensions.length + 1);
    expect(await link.statuses(uuid)).toHaveLength(2);
  });

  it('are taken from its own validator only', async () => {
    const stranger = Keypair.generate();
    await link.register(stranger);
    const other = await logIn(stranger);
    expect(await toldUnknown(other, uuid)).toEqual(failed('job.not_found', 'Job not found'));
    expect(await link.statuses(uuid)).toEqual(['sent']);
  });

  it('of a uuid that is none are answered like those of an unknown job', async () => {
    expect(await toldUnknown(validator, 'bad')).toEqual(failed('job.not_found', 'Job not found'));
  });
});

describe('on plain v0', () => {
  it('statuses are answered in the order in which they came', async () => {
    const validator = await ScriptedValidator.logIn(link.url, link.key);
    const { uuid } = (await link.create()).json;
    await validator.nextJob();
    const frames = ['received', 'received', 'accepted'].map((status) =>
      JSON.stringify({ message_type: 'V0JobStatusUpdate', uuid, status, metadata: null }),
    );
    for (const frame of frames) validator.sendText(frame);
    expect([await validator.next(), await validator.next(), await validator.next()]).toEqual([
      success,
      outOfOrder,
      success,
    ]);
  });
});

describe('a job that ends at the moment in which its user cancels it', () => {
  it('leaves no cancel behind, which would be sent with each connection', async () => {
    const validator = await ScriptedValidator.logIn(link.url, link.key, {}, ['cancel-1']);
    const { uuid } = (await link.create()).json;
    await validator.nextJob();
    const waiting = `select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and $1 <> ''`;
    let ended: Promise<unknown> = Promise.resolve();
    await link.get(Cancellations).cancel({
      uuid,
      hotkey: null,
      by: 'the user',
      record: async () => {
        ended = validator.update(uuid, 'failed');
        await expect.poll(() => link.query(waiting)).toHaveLength(1);
      },
    });
    await ended;
    expect(await link.statuses(uuid)).toEqual(['sent', 'failed']);
    expect(await link.query('select from outbox where peer = $1')).toEqual([]);
  });
});

describe('a job of which nothing is heard', () => {
  const connect = () => ScriptedValidator.logIn(link.url, link.key, {}, ['cancel-1']);
  /** How long the newest job has. @unit seconds */
  const timeLeft = async () => {
    const [row] = (await link.query(
      `select extract(epoch from overdue_at - clock_timestamp())::float8 as seconds from job
       where target_validator_hotkey = $1 order by created_at desc limit 1`,
    )) as [{ seconds: number | null }];
    return row.seconds;
  };
  const expectTimeLeft = async (limit: number) => {
    const seconds = await timeLeft();
    expect(seconds).toBeLessThanOrEqual(limit);
    expect(seconds).toBeGreaterThan(limit - 25);
  };
  const letTimeRunOut = () =>
    link.query(
      'update job set overdue_at = now() where target_validator_hotkey = $1 and overdue_at is not null',
    );
  const end = () => link.get(OverdueJobs).end();
  beforeEach(() => end());

  it('has its time from when its validator could have it, and a new one from each status', async () => {
    const python = await ScriptedValidator.logIn(link.url, link.key);
    const { uuid } = (await link.create()).json;
    await python.nextJob();
    await expectTimeLeft(330);
    const ours = await connect();
    await ours.nextJob();
    await expectTimeLeft(60);
    await ours.leave();
    await expect.poll(timeLeft).toBeGreaterThan(60);
    await expectTimeLeft(60 + 60);
    const back = await connect();
    await back.nextJob();
    await expectTimeLeft(60);
    await link.query(
      `update job set created_at = now() - interval '875 seconds' where target_validator_hotkey = $1`,
    );
    const last = await connect();
    await last.nextJob();
    await expectTimeLeft(25);
    for (const status of ['received', 'accepted']) {
      await last.update(uuid, status);
      await expectTimeLeft(3 + (1 + 2 + 3 + 4) + 30 + 330);
    }
    await last.update(uuid, 'failed');
    expect(await timeLeft()).toBeNull();
  });

  it.each([
    ['sent', /^The validator \w+ was sent the job and did not answer within \d+ s\.$/],
    [
      'accepted',
      /^The job was "Accepted", and its validator \w+ did not say within \d+ s that the executor starts/,
    ],
  ])(
    'while it is %s ends once, whichever replica looks, and its validator is told',
    async (status, sentence) => {
      const replica = await link.replica();
      const validator = await connect();
      const { uuid } = (await link.create()).json;
      await validator.nextJob();
      if (status !== 'sent') await validator.update(uuid, status);
      expect(await end()).toBe(0);
      await letTimeRunOut();
      const ended = await Promise.all([end(), replica.app.get(OverdueJobs).end()]);
      expect(ended.toSorted()).toEqual([0, 1]);
      await replica.stop();
      const { status_history: history } = await link.read(uuid);
      expect(history.map((entry: { status: string }) => entry.status)).toEqual([
        ...new Set(['sent', status]),
        'horde_failed',
      ]);
      expect(history.at(-1).metadata.horde_failure_details).toEqual({
        reported_by: 'facilitator',
        reason: 'unhandled_timeout',
        message: expect.stringMatching(sentence),
      });
      expect(await validator.next()).toMatchObject({
        message_type: 'V0CancelJobRequest',
        job_uuid: uuid,
        cancelled_by: 'the facilitator',
      });
      expect(await validator.update(uuid, 'failed')).toEqual(outOfOrder);
      expect(await link.query('select from outbox where peer = $1')).toEqual([]);
    },
  );

  it('goes on with a status that comes at the last moment', async () => {
    const validator = await connect();
    const { uuid } = (await link.create()).json;
    await validator.nextJob();
    await letTimeRunOut();
    const [ended, first] = await Promise.all([end(), validator.update(uuid, 'received')]);
    const isEnded = ended === 1;
    // The cancel of a job that has ended is sent on its own: before the answer to the update, or after it.
    const heard = isEnded ? [first, await validator.next()] : [first];
    expect(heard).toContainEqual(isEnded ? outOfOrder : success);
    expect(await link.statuses(uuid)).toEqual(['sent', isEnded ? 'horde_failed' : 'received']);
    expect(await end()).toBe(0);
  });

  it('because its validator stays away ends, too, and does not go to the next connection', async () => {
    const validator = await ScriptedValidator.logIn(link.url, link.key);
    await validator.leave();
    await link.channels(0);
    const { uuid } = (await link.create()).json;
    await expectTimeLeft(60 + 60);
    await letTimeRunOut();
    expect(await end()).toBe(1);
    expect((await link.read(uuid)).status_history.at(-1).metadata.horde_failure_details.message).toMatch(
      /^The validator \w+ is not connected: the job waited \d+ s for it to answer\.$/,
    );
    const back = await ScriptedValidator.logIn(link.url, link.key);
    expect(await back.settle()).toEqual([]);
  });
});
