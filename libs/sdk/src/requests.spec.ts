import { Keypair } from '@horde/identity';
import {
  jobText,
  scriptedUuid,
  ScriptedFacilitator,
  statusEntry,
  type Answer,
} from '@horde/testing/user-facilitator/scripted-facilitator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HordeClient, type HordeClientError, type JobSpec } from './index.ts';

const spec: JobSpec = {
  executorClass: 'always_on.test',
  jobNamespace: 'SN1.0',
  dockerImage: 'a',
  tag: 'mine',
  downloadTimeLimit: 1,
  executionTimeLimit: 1,
  uploadTimeLimit: 1,
};
const job = (status: string, more: object = {}) => jobText([statusEntry(status)], more);
const create = 'POST /api/v1/job-docker/';

let facilitator: ScriptedFacilitator;
let client: HordeClient;

beforeEach(async () => {
  facilitator = await ScriptedFacilitator.start();
  const hotkey = Keypair.generate();
  client = new HordeClient({ facilitatorUrl: facilitator.url, hotkey, validatorHotkey: hotkey.address });
});
afterEach(async () => {
  client.close();
  await facilitator.stop();
});

const thrown = (work: Promise<unknown>) => work.catch((error: unknown) => error as HordeClientError);
const keys = () => facilitator.seen.map(({ headers }) => headers['idempotency-key']);

describe('a creation has a key', () => {
  it('of its own, which all of its attempts have, also while the first is still at work', async () => {
    facilitator.on(create, 'cut', [409, '{"error":"in progress"}'], [201, job('sent')], [201, job('sent')]);
    await client.createJob(spec);
    await client.createJob(spec);
    const [first, second, third, other] = keys();
    expect(first).toMatch(/^[\da-f-]{36}$/);
    expect([second, third]).toEqual([first, first]);
    expect(other).not.toBe(first);
    expect(JSON.parse(facilitator.seen[0]!.body)).toMatchObject({ tag: 'mine' });
  });

  it('that its program chooses, and that no other job may have', async () => {
    facilitator.on(create, [422, '{"error":"The key was used for another request."}']);
    expect(await thrown(client.createJob(spec, { idempotencyKey: 'mine' }))).toMatchObject({
      code: 'REFUSED',
      status: 422,
    });
    expect(keys()).toEqual(['mine']);
  });
});

describe('cancelling', () => {
  const cancel = `POST /api/v1/jobs/${scriptedUuid}/cancel/`;
  const look = `GET /api/v1/jobs/${scriptedUuid}/`;

  it('has the facilitator end the job', async () => {
    facilitator.on(look, [200, job('accepted')]).on(cancel, [202, job('failed')]);
    const running = await client.getJob(scriptedUuid);
    await running.cancel();
    expect(running.status).toBe('failed');
  });

  it.each<[Answer, Answer, Partial<HordeClientError>]>([
    [
      [409, '{"detail":"The job has ended."}'],
      [200, job('completed')],
      { code: 'NOT_CANCELLABLE', retryable: false, message: expect.stringContaining('The job has ended.') },
    ],
    [[404, '<h1>Not Found</h1>'], [200, job('accepted')], { code: 'NOT_SUPPORTED' }],
    [[404, '{"detail":"Not found."}'], [404, '{"detail":"Not found."}'], { code: 'NOT_FOUND' }],
  ])('is an error that says why: %j', async (answer, looked, expected) => {
    facilitator.on(look, [200, job('accepted')]).on(cancel, answer);
    const running = await client.getJob(scriptedUuid);
    facilitator.on(look, looked);
    expect(await thrown(running.cancel())).toMatchObject(expected);
  });
});

describe('a job that is described', () => {
  const path = `GET /api/v1/jobs/${scriptedUuid}/`;

  it('says what it waits for, who was asked, and why others were not', async () => {
    const at = '2026-01-01T00:00:00Z';
    const attempt = { number: 1, miner_hotkey: '5F', started_at: at, ended_at: at, outcome: 'declined' };
    const choice = {
      at,
      sentence: 'X.',
      candidates: [{ miner_hotkey: '5F', reason: 'busy' }],
      counts: { busy: 1 },
    };
    facilitator.on(path, [200, job('received')]).on(`${path}describe/`, [
      200,
      JSON.stringify({
        sentence: 'All are busy.',
        waits_for: 'All are busy.',
        waits_since: at,
        waits_until: at,
        told_by: 'validator',
        attempts: [{ ...attempt, message: 'Busy.' }],
        choices: [choice],
      }),
    ]);
    const date = new Date(at);
    expect(await (await client.getJob(scriptedUuid)).describe()).toEqual({
      sentence: 'All are busy.',
      waitsFor: 'All are busy.',
      waitsSince: date,
      waitsUntil: date,
      toldBy: 'validator',
      attempts: [
        {
          number: 1,
          minerHotkey: '5F',
          startedAt: date,
          endedAt: date,
          outcome: 'declined',
          message: 'Busy.',
        },
      ],
      choices: [
        {
          at: date,
          sentence: 'X.',
          candidates: [{ minerHotkey: '5F', reason: 'busy' }],
          counts: { busy: 1 },
        },
      ],
    });
  });

  it('is not described by a facilitator that does not know how', async () => {
    facilitator
      .on(path, [200, job('received')], [200, job('received')])
      .on(`${path}describe/`, [404, '{"detail":"Not found."}']);
    const received = await client.getJob(scriptedUuid);
    expect(await thrown(received.describe())).toMatchObject({ code: 'NOT_SUPPORTED' });
  });
});

describe('a dry run', () => {
  const cursors = 'GET /api/v1/jobs/?cursor=&page_size=1&lean=true';
  const dryRun = 'POST /api/v1/job-docker/?dry_run=true';

  it('says whether the job could run, and why not', async () => {
    facilitator.on(cursors, [200, '{"next":null,"results":[]}']).on(dryRun, [
      200,
      JSON.stringify({
        could_run: false,
        reason: 'busy',
        sentence: 'All executors are busy.',
        reserves: { executor_class: 'always_on.test', seconds: 3 },
        candidates: [{ miner_hotkey: '5F', reason: 'busy' }],
        counts: { busy: 1 },
        expected_wait_seconds: 40,
      }),
    ]);
    expect(await client.dryRun(spec)).toEqual({
      couldRun: false,
      reason: 'busy',
      sentence: 'All executors are busy.',
      reserves: { executorClass: 'always_on.test', seconds: 3 },
      candidates: [{ minerHotkey: '5F', reason: 'busy' }],
      counts: { busy: 1 },
      expectedWait: 40,
    });
  });

  it('is not sent to a facilitator that would take it for a creation', async () => {
    facilitator.on(cursors, [200, '{"count":0,"next":null,"previous":null,"results":[]}']);
    expect(await thrown(client.dryRun(spec))).toMatchObject({ code: 'NOT_SUPPORTED' });
    expect(facilitator.lines).toEqual([cursors]);
  });
});

describe('a list of jobs', () => {
  it('goes from cursor to cursor, filtered and lean', async () => {
    const lean = {
      uuid: scriptedUuid,
      executor_class: 'always_on.test',
      created_at: '2026-01-01T00:00:00Z',
      last_update: '2026-01-02T00:00:00Z',
      status: 'Completed',
      last_status: 'completed',
      docker_image: 'a',
      job_namespace: null,
      tag: 'mine',
    };
    const query =
      'page_size=2&uuid=u&status=failed&status=completed&executor_class=always_on.test&tag=mine&job_namespace=SN1.0' +
      '&created_after=2026-01-01T00%3A00%3A00.000Z&created_before=2026-02-01T00%3A00%3A00.000Z&lean=true';
    facilitator
      .on(`GET /api/v1/jobs/?cursor=&${query}`, [200, JSON.stringify({ next: 'c/2', results: [lean] })])
      .on(`GET /api/v1/jobs/?cursor=c%2F2&${query}`, [200, '{"next":null,"results":[]}']);
    const filters = {
      uuids: ['u'],
      status: ['failed', 'completed'] as const,
      executorClass: 'always_on.test',
      tag: 'mine',
      jobNamespace: 'SN1.0',
      createdAfter: new Date('2026-01-01T00:00:00Z'),
      createdBefore: new Date('2026-02-01T00:00:00Z'),
      pageSize: 2,
      lean: true,
    };
    const { jobs, next } = await client.listJobs(filters);
    expect(await client.listJobs({ ...filters, cursor: next })).toEqual({ jobs: [], next: null });
    const [found] = jobs;
    expect([found!.status, found!.hasEnded, found!.result, found!.tag]).toEqual([
      'completed',
      true,
      null,
      'mine',
    ]);
    facilitator.on(`GET /api/v1/jobs/${scriptedUuid}/`, [200, job('completed', { stdout: 'hi' })]);
    await found!.wait();
    expect(found!.result?.stdout).toBe('hi');
  });

  it('of ComputeHorde’s facilitator, which knows two filters, is filtered here', async () => {
    const page = (next: string | null, ...results: string[]): Answer => [
      200,
      `{"count":3,"next":${next},"previous":null,"results":[${results.join(',')}]}`,
    ];
    facilitator.on(
      '*',
      page('"x"', job('completed'), job('failed')),
      page(null, job('completed', { uuid: 'b' })),
    );
    const found: string[] = [];
    for await (const { uuid } of client.iterateJobs({ status: 'completed', tag: 'mine', pageSize: 2 }))
      found.push(uuid);
    expect(found).toEqual([scriptedUuid, 'b']);
    expect(facilitator.lines).toEqual([
      'GET /api/v1/jobs/?cursor=&page_size=2&status=completed&tag=mine',
      'GET /api/v1/jobs/?page=2&page_size=2&status=completed&tag=mine',
    ]);
  });
});

it('a call that is aborted ends with the reason, and so does one that waits for a login', async () => {
  const stop = new AbortController();
  facilitator.on(create, () => stop.abort(new Error('no longer wanted')));
  expect(await thrown(client.createJob(spec, { signal: stop.signal }))).toBe(stop.signal.reason);
  expect(await thrown(client.login({ signal: stop.signal }))).toBe(stop.signal.reason);
  expect(await thrown(client.listJobs({ signal: stop.signal }))).toBe(stop.signal.reason);
});

it('a token whose secret was replaced is renewed, too', async () => {
  facilitator.on('*', [401, '{"detail":"Token decode error."}'], [200, job('sent')]);
  expect((await client.getJob(scriptedUuid)).status).toBe('sent');
  expect(facilitator.logins).toBe(2);
});
