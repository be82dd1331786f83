import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Keypair } from '@horde/identity';
import { Operators } from '@horde/panel-server';
import {
  ExecutorReady,
  ExecutorTiming,
  JobFailed,
  JobOutputRequest,
  make,
  SingleFileVolume,
} from '@horde/protocol';
import { EventReader } from '@horde/testing/event-reader';
import { adminRoutes, differences, documentedRoutes, PanelClient } from '@horde/testing/panel-client';
import { RecordingManager } from '@horde/testing/recording-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JobOutputs } from '../jobs/job-outputs.ts';
import { MinerUnderTest } from '../testing/miner.ts';

const password = 'correct horse battery';
/** What a check waits for before it ends. */
const folder = mkdtempSync(path.join(tmpdir(), 'check-'));
const go = path.join(folder, 'go');
/** A check that says its name, waits, and ends well unless it is the doctor. */
const script = `const name = process.argv.at(-1);
  process.stdout.write(name + ' begins\\n');
  setInterval(() => {
    if (!require('node:fs').existsSync(${JSON.stringify(go)})) return;
    process.stderr.write(name + ' ends\\n');
    process.exit(name === 'doctor' ? 1 : 0);
  }, 20);`;

let miner: MinerUnderTest;
let operator: PanelClient;
let reader: PanelClient;
/** A job that runs, one that failed, and one that was declined. */
let running: string;
let failed: string;
let declined: string;
let validator: string;

beforeAll(async () => {
  const manager = new RecordingManager({ 'always_on.test': 2 });
  manager.hosts = async () => [
    { name: 'here', executorClass: 'always_on.test', executors: 2, trouble: null },
    { name: 'away', executorClass: 'always_on.llm.a6000', executors: 1, trouble: 'away is out of reach.' },
  ];
  miner = await MinerUnderTest.start(manager, {}, undefined, [process.execPath, '-e', script, '--']);
  const operators = miner.part(Operators, { strict: false });
  await operators.create({ name: 'cook', role: 'operate', password }, null);
  await operators.create({ name: 'guest', role: 'read', password }, null);
  operator = await PanelClient.logIn(miner.httpUrl, 'cook', password);
  reader = await PanelClient.logIn(miner.httpUrl, 'guest', password);

  const asking = await miner.validator();
  validator = asking.hotkey;
  const first = await asking.accepted({
    executor_timing: make(ExecutorTiming, {
      allowed_leeway: 1,
      download_time_limit: 10,
      execution_time_limit: 20,
      upload_time_limit: 5,
      streaming_start_time_limit: 0,
    }),
  });
  running = first.job_uuid;
  const executor = await miner.executor(await miner.manager.token(running));
  await executor.send(make(ExecutorReady, { job_uuid: running }));
  await first.connection.next('V0ExecutorReadyRequest');
  await first.connection.send(
    asking.signed(
      asking.payload(running, {
        env: new Map([['KEY', 'secret-of-env']]),
        volume: make(SingleFileVolume, { url: 'https://a.example/f?secret-of-url', relative_path: 'f' }),
      }),
    ),
  );
  await executor.next('V0JobRequest');

  const second = await asking.accepted();
  failed = second.job_uuid;
  const busy = asking.signed(asking.initial());
  declined = busy.job_uuid;
  await second.connection.send(busy);
  await second.connection.next('V0DeclineJobRequest');
  const other = await miner.executor(await miner.manager.token(failed));
  await other.send(make(JobFailed, { job_uuid: failed, message: 'No such <image>.' }));
  await second.connection.next('V0JobFailedRequest');
  await second.connection.send(asking.finished(failed));
  await second.connection.settled();
  miner.manager.exit(await miner.manager.token(failed), 0);
});
afterAll(async () => {
  await miner.close();
  rmSync(folder, { recursive: true });
});

describe('the miner’s admin API', () => {
  it('is described in OpenAPI, path by path, and answers as it says', async () => {
    const { json: document } = await operator.get('openapi.json');
    expect(documentedRoutes(document)).toEqual(adminRoutes(miner.application));
    for (const [path, schema] of Object.entries({
      overview: 'Overview',
      executors: 'Executors',
      jobs: 'Jobs',
      [`jobs/${running}`]: 'JobPage',
      [`jobs/${running}/frames`]: 'JobFrames',
      [`jobs/${running}/output`]: 'JobOutput',
      receipts: 'Receipts',
      validators: 'Validators',
      images: 'Images',
      checks: 'Checks',
      changes: 'Changes',
    })) {
      const { status, json } = await reader.get(path);
      const found = differences(json, document.components.schemas[schema]);
      expect([path, status, found]).toEqual([path, 200, []]);
    }
  });

  it('answers nobody who is not logged in, and lets the role read change nothing', async () => {
    const paths = adminRoutes(miner.application).map(
      (route) => route.split(' /admin/api/') as [string, string],
    );
    for (const [method, at] of paths) {
      const answer = await fetch(`${miner.httpUrl}/admin/api/${at}`, { method: method.toUpperCase() });
      expect([method, at, answer.status]).toEqual([method, at, 401]);
      if (method === 'get') continue;
      expect([at, (await reader.change(method.toUpperCase(), at)).status]).toEqual([at, 403]);
    }
  });

  it('says first what is amiss, then how busy it is', async () => {
    await expect.poll(() => miner.query('select uuid from job where slot_held')).toHaveLength(1);
    const { json } = await reader.get('overview');
    expect(json.sentence).toMatch(
      /^away is out of reach\. 1 of 2 executors is busy\. 1 validator is connected\./,
    );
    expect(json.classes).toMatchObject([
      { executor_class: 'always_on.llm.a6000', offered: 0, configured: 1 },
      { executor_class: 'always_on.test', offered: 2, configured: 2, busy: 1 },
    ]);
    expect(json).toMatchObject({ unfinished: 1, earned: 1.5, paid_jobs: 0 });
    const hours = json.hours as Record<'failed' | 'declined' | 'going_on', number>[];
    const sum = (part: keyof (typeof hours)[number]) => hours.reduce((all, hour) => all + hour[part], 0);
    expect([sum('failed'), sum('declined'), sum('going_on')]).toEqual([1, 1, 1]);
  });

  it('sums what was earned, also by receipts that an older version has stored', async () => {
    const noted = 'select score, paying_blocks from receipt where score is not null';
    expect(await miner.query(noted)).toEqual([{ score: '1.500000', paying_blocks: 0 }]);
    await miner.query('update receipt set score = null, paying_blocks = null');
    expect((await reader.get('overview')).json).toMatchObject({ earned: 1.5, paid_jobs: 0 });
  });

  it('shows which executor has which job', async () => {
    expect((await reader.get('executors')).json.results).toMatchObject([
      { name: 'here', running: [{ state: 'working', job: running }] },
      { name: 'away', trouble: 'away is out of reach.', running: [] },
    ]);
  });

  it('shows a job’s stages with their limits, and none of its secrets', async () => {
    const { json, text } = await reader.get(`jobs/${running}`);
    expect(json).toMatchObject({
      validator_hotkey: validator,
      docker_image: 'example/image:1',
      args: ['echo', 'hi'],
      env_names: ['KEY'],
      volumes: [{ type: 'single_file', path: 'f' }],
      timeline: [
        { label: 'Accepted', limit: 18 },
        { label: 'Executor Ready', until: null, limit: 10 },
      ],
      receipts: [{ receipt_type: 'JobStartedReceipt' }],
    });
    expect(text).not.toMatch(/secret-of|token/);
  });

  it('shows what a job prints as it comes, and what of it is missing', async () => {
    const outputs = miner.part(JobOutputs);
    const at = `jobs/${running}/output`;
    expect((await reader.get(at)).json).toMatchObject({ is_kept: false, stdout: { text: '' } });
    const request = make(JobOutputRequest, { job_uuid: running, stream: 'stdout', offset: 0, credit: 100 });
    await outputs.asked(validator, request, false);
    const live = await EventReader.openWith(`${miner.httpUrl}/admin/api/live`, reader.headers);
    const print = (offset: number, data: Buffer, end = false) =>
      outputs.append(running, 'stdout', { offset, data, end });
    const text = Buffer.from('<b>é');
    await print(0, text.subarray(0, 4));
    await live.changed('output');
    live.close();
    const stdout = async (from: string) => (await reader.get(`${at}?${from}`)).json.stdout;
    expect(await stdout('')).toEqual({ from: 0, to: 3, text: '<b>', has_ended: false });
    await print(4, text.subarray(4));
    expect(await stdout('stdout=3')).toEqual({ from: 3, to: 5, text: 'é', has_ended: false });
    await print(9, Buffer.from('end'), true);
    expect(await stdout('stdout=5')).toEqual({ from: 9, to: 12, text: 'end', has_ended: true });
    expect((await reader.get(`${at}?stdout=x`)).status).toBe(400);
  });

  it('says why a job failed, and why one was declined', async () => {
    expect((await reader.get(`jobs/${failed}`)).json).toMatchObject({
      sentence: 'No such <image>.',
      receipts: [
        { receipt_type: 'JobStartedReceipt' },
        { receipt_type: 'JobFinishedReceipt', score: '1.500000' },
      ],
    });
    expect((await reader.get(`jobs/${declined}`)).json.sentence).toMatch(
      /^It was declined: .*always_on\.test/,
    );
    expect((await reader.get(`jobs/${crypto.randomUUID()}`)).status).toBe(404);
    expect((await reader.get('jobs/x')).status).toBe(404);
  });

  it('lists jobs and receipts piece by piece, newest first, as they are asked for', async () => {
    const uuids = async (query: string) =>
      ((await reader.get(`jobs?${query}`)).json.results as { uuid: string }[]).map(({ uuid }) => uuid);
    expect(await uuids('')).toEqual([declined, failed, running]);
    expect(await uuids('status=going_on')).toEqual([running]);
    expect(await uuids(`status=failed&validator=${validator}&executor_class=always_on.test`)).toEqual([
      failed,
    ]);
    expect(await uuids(`uuid_prefix=${declined.slice(0, 11)}`)).toEqual([declined]);
    expect(await uuids('validator=nobody')).toEqual([]);
    expect((await reader.get('jobs?status=nonsense')).status).toBe(400);
    const first = (await reader.get('jobs?page_size=2')).json;
    expect(first).toMatchObject({ count: 3, is_estimate: false });
    expect(await uuids(`page_size=2&cursor=${first.next}`)).toEqual([running]);
    const { json } = await reader.get(`receipts?type=finished&validator=${validator}`);
    expect(json).toMatchObject({ count: 1, results: [{ job_uuid: failed, score: '1.500000' }] });
  });

  it('declines the jobs of a blacklisted validator, and records who has said so', async () => {
    const { address } = Keypair.generate();
    const at = `validators/${address}`;
    expect((await operator.change('DELETE', `${at}/blacklist`)).status).toBe(404);
    expect((await operator.change('PUT', 'validators/nobody/blacklist')).status).toBe(400);
    expect((await operator.change('PUT', `${at}/by_hand`)).json).toMatchObject({
      active: true,
      by_hand: true,
    });
    expect((await operator.change('PUT', `${at}/blacklist`)).json).toMatchObject({ blacklisted: true });
    expect((await operator.change('DELETE', `${at}/blacklist`)).json).toMatchObject({ blacklisted: false });
    expect((await reader.get('validators')).json.results).toMatchObject([
      { hotkey: validator, connections: 2, unfinished_jobs: 1, failed: 1, declined: 1 },
      { hotkey: address, connections: 0, by_hand: true },
    ]);
    const changes = (await reader.get('changes')).json.results as { subject: string; action: string }[];
    expect(changes.filter(({ subject }) => subject === address)).toMatchObject([
      { by: 'cook', action: 'take a validator off the blacklist', before: { blacklisted: true } },
      { by: 'cook', action: 'blacklist a validator', after: { blacklisted: true } },
      { by: 'cook', action: 'add a validator by hand', before: null },
    ]);
  });

  it('runs one check at a time, tells what it prints, and keeps that', async () => {
    const events = await EventReader.openWith(`${miner.httpUrl}/admin/api/checks/events`, operator.headers);
    const seen: string[] = [];
    const until = async (wanted: string) => {
      while (!seen.join('').includes(wanted)) {
        const { data } = (await events.next())!;
        if (data.name === 'self_test') seen.push(`${data.state}: ${data.text}`);
      }
    };
    await until('never');
    expect((await operator.change('POST', 'checks/other')).status).toBe(404);
    expect((await operator.change('POST', 'checks/self_test')).json).toMatchObject({ state: 'running' });
    await until('running: self_test begins\n');
    const refusal = await operator.change('POST', 'checks/doctor');
    expect([refusal.status, refusal.text]).toEqual([
      409,
      expect.stringContaining('self_test, begun by cook'),
    ]);
    writeFileSync(go, '');
    await until('good: ');
    events.close();
    expect((await operator.change('POST', 'checks/doctor')).status).toBe(202);
    const last = async () => (await reader.get('checks')).json.results;
    await expect.poll(last).toMatchObject([
      { state: 'good', started_by: 'cook', output: 'self_test begins\nself_test ends\n' },
      { state: 'failed', output: 'doctor begins\ndoctor ends\n' },
    ]);
    expect((await reader.get('overview')).json.troubles).toContainEqual(expect.stringContaining('doctor'));
    expect((await reader.get('changes')).json.results[0]).toMatchObject({ by: 'cook', subject: 'doctor' });
  });

  it('a check whose process has died is over, and the next one may begin', async () => {
    await miner.query(`update check_run set ended_at = null, exit_code = null, alive_until = now()`);
    expect((await reader.get('checks')).json.results).toMatchObject([
      { state: 'cut off' },
      { state: 'cut off' },
    ]);
    expect((await operator.change('POST', 'checks/doctor')).status).toBe(202);
  });

  it('tells open pages when validators connect and jobs go on', async () => {
    const live = await EventReader.openWith(`${miner.httpUrl}/admin/api/live`, reader.headers);
    const asking = await miner.validator();
    const connection = await asking.login();
    await live.changed('validators');
    await connection.send(asking.signed(asking.initial()));
    await live.changed('jobs', 'executors', 'receipts');
    live.close();
  });
});
