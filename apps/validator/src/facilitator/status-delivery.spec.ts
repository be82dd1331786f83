import { randomUUID } from 'node:crypto';
import { JobFinished, JobStatusUpdate, make, writeFrame } from '@horde/protocol';
import type { Extension } from '@horde/transport';
import { beforeEach, describe, expect, it } from 'vitest';
import { cheatReport } from '@horde/testing/facilitator-validator/cheat-report';
import { finished, send, wholeJob } from '@horde/testing/validator-miner/miner-script';
import { newJob } from '@horde/testing/facilitator-validator/scripted-facilitator';
import { Scene } from '../testing/scene.ts';

const scene = new Scene();
const allStatuses = [
  'received',
  'accepted',
  'executor_ready',
  'volumes_ready',
  'execution_done',
  'completed',
];

describe.each<[string, Extension[]]>([
  ['on plain v0', []],
  ['on durable-1', ['durable-1']],
])('the facilitator, %s,', (_link, extensions) => {
  beforeEach(async () => {
    // Jobs that another scene has left would go on here.
    await scene.place.query('truncate job cascade');
    await scene.facilitator.stop();
    scene.facilitator.extensions = extensions;
    await scene.facilitator.start();
  });

  it('is away while a job ends: it is told everything when it is back', async () => {
    scene.miner.script = {
      ...wholeJob,
      onJob: async (request, connection) => {
        await scene.facilitator.update(request.job_uuid, 'executor_ready');
        await scene.facilitator.stop();
        await wholeJob.onJob(request, connection);
      },
    };
    await scene.start();
    const uuid = await scene.send();
    await scene.miner.finishedReceipt(uuid);
    await scene.facilitator.start();
    await scene.facilitator.update(uuid, 'completed');
    expect([...new Set(scene.facilitator.statuses(uuid))]).toEqual(allStatuses);
  });

  it('leaves before it has answered: the update comes again, and only then', async () => {
    scene.miner.script = wholeJob;
    scene.facilitator.answer = () => null;
    await scene.start();
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'completed');
    const sent = scene.facilitator.updates.items.length;
    scene.facilitator.answer = () => ({ status: 'success', errors: [] });
    scene.facilitator.logins.items[0]!.terminate();
    await scene.facilitator.updates.first(
      (update) => update.uuid === uuid && update.status === 'completed',
      sent,
    );
    expect(scene.facilitator.statuses(uuid)).toEqual([...allStatuses, ...allStatuses]);
    await expect.poll(() => scene.waiting(uuid)).toBe(0);
  });

  it('has an update already: it is not sent again', async () => {
    scene.miner.script = wholeJob;
    scene.facilitator.answer = () => ({
      status: 'error',
      errors: [{ msg: 'Integrity error', type: 'job.integrity_error', help: '' }],
    });
    await scene.start();
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'completed');
    await expect.poll(() => scene.waiting(uuid)).toBe(0);
  });

  it('cannot read the results: it is told why the job has failed, and other jobs go on', async () => {
    scene.miner.script = {
      ...wholeJob,
      onJob: ({ job_uuid }, connection) =>
        scene.miner.initial(job_uuid)[0]!.docker_image === 'large'
          ? send(
              connection,
              make(JobFinished, { ...finished(job_uuid), docker_process_stdout: 'x'.repeat(2e6) }),
            )
          : send(connection, finished(job_uuid)),
    };
    scene.facilitator.largestFrame = 1_500_000;
    await scene.start();
    const uuid = await scene.send({ docker_image: 'large' });
    const { metadata } = await scene.facilitator.update(uuid, 'failed');
    expect(metadata!.job_failure_details).toMatchObject({
      reason: 'upload_failed',
      stage: 'result_upload',
      message: expect.stringMatching(
        /^The job's output and artifacts have 2\d{6} bytes, more than the facilitator reads\./,
      ) as string,
    });
    const other = await scene.send();
    await scene.facilitator.update(other, 'completed');
  });

  it('sends many jobs and leaves at once: none of them is lost', async () => {
    await scene.start();
    const uuids = [];
    for (let i = 0; i < 20; i++) uuids.push(await scene.send());
    scene.facilitator.logins.items[0]!.close(1001);
    for (const uuid of uuids) await scene.facilitator.update(uuid, 'received');
  });
});

describe('a facilitator that speaks plain v0', () => {
  it('refuses an update for another reason: it stays for the next connection', async () => {
    scene.miner.script = wholeJob;
    scene.facilitator.answer = ({ status }) =>
      status === 'completed'
        ? { status: 'error', errors: [{ msg: 'no', type: 'other', help: '' }] }
        : { status: 'success', errors: [] };
    await scene.start();
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'completed');
    await expect.poll(() => scene.waiting(uuid)).toBe(1);
  });
});

describe('a facilitator that speaks durable-1', () => {
  beforeEach(async () => {
    await scene.facilitator.stop();
    scene.facilitator.extensions = ['durable-1'];
  });

  const success = { status: 'success', errors: [] };
  /** Has updates wait for the facilitator, as after a time in which it was away. @returns the jobs' uuids */
  const backlog = async (jobs: number, statuses: JobStatusUpdate['status'][]) => {
    const uuids = Array.from({ length: jobs }, () => randomUUID());
    const updates = statuses.flatMap((status) =>
      uuids.map((uuid) => make(JobStatusUpdate, { uuid, status, metadata: null })),
    );
    await scene.place.query(
      `insert into outbox (peer, subject, type, frame)
       select $1, uuid, 'V0JobStatusUpdate', frame from unnest($2::text[], $3::text[]) as all_of_them (uuid, frame)`,
      [scene.facilitator.uri, updates.map(({ uuid }) => uuid), updates.map(writeFrame)],
    );
    return uuids;
  };
  /** How many messages wait for it. */
  const waiting = async () =>
    (await scene.place.query('select id from outbox where peer = $1', [scene.facilitator.uri])).length;

  it('has come back after a long time: everything arrives once, each job in its order, with rising numbers', async () => {
    const uuids = await backlog(60, ['received', 'accepted', 'completed']);
    await scene.facilitator.start();
    await scene.start();
    await expect.poll(waiting).toBe(0);
    const { updates, numbers } = scene.facilitator;
    expect(updates.items).toHaveLength(180);
    for (const uuid of uuids)
      expect(scene.facilitator.statuses(uuid)).toEqual(['received', 'accepted', 'completed']);
    const all = numbers.map(([, number]) => number);
    expect(all).toEqual(all.toSorted((a, b) => a - b));
  });

  it('acknowledges nothing: no more than 64 are on their way, and all come again on the next connection', async () => {
    await backlog(100, ['received']);
    scene.facilitator.answer = () => null;
    await scene.facilitator.start();
    await scene.start();
    const { updates, numbers, logins } = scene.facilitator;
    await expect.poll(() => updates.items.length).toBe(64);
    // What it is asked for behind them is answered: nothing more has been sent.
    await scene.facilitator.number(randomUUID(), 1, cheatReport(scene.place.keypair));
    expect(updates.items).toHaveLength(64);
    expect(await waiting()).toBe(100);
    scene.facilitator.answer = () => success;
    logins.items[0]!.terminate();
    await expect.poll(waiting).toBe(0);
    expect(numbers.slice(64, 128)).toEqual(numbers.slice(0, 64));
    expect(updates.items).toHaveLength(64 + 100);
  });

  it('claims to have what was never sent: nothing is lost', async () => {
    await scene.facilitator.start();
    scene.facilitator.answer = () => null;
    await scene.start();
    const job = newJob(randomUUID(), null);
    for (const word of ['ack', 'resume'])
      await scene.facilitator.send(`["${word}","${job.uuid}",9007199254740991]`);
    await scene.facilitator.send(job);
    await scene.facilitator.update(job.uuid, 'rejected');
    scene.facilitator.logins.items[0]!.terminate();
    scene.facilitator.answer = () => success;
    await expect.poll(() => scene.waiting(job.uuid)).toBe(0);
    expect(scene.facilitator.statuses(job.uuid)).toEqual(['rejected', 'rejected']);
  });

  it('complains of something, beside its acknowledgements: no other update is taken for refused', async () => {
    await scene.facilitator.start();
    scene.miner.script = wholeJob;
    scene.facilitator.answer = () => {
      void scene.facilitator.send({ status: 'error', errors: [{ msg: 'no', type: 'other', help: '' }] });
      return success;
    };
    await scene.start();
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'completed');
    await expect.poll(() => scene.waiting(uuid)).toBe(0);
  });

  it('sends reports with numbers: each is acknowledged when it is kept, and kept once', async () => {
    await scene.facilitator.start();
    await scene.start();
    const report = cheatReport(scene.place.keypair);
    // A number may jump, and come again.
    for (const number of [7, 9_007_199_254_740_991, 7])
      await scene.facilitator.number(report.job_uuid, number, report);
    expect(await scene.place.query('select job_uuid from cheat_report')).toContainEqual({
      job_uuid: report.job_uuid,
    });
  });
});
