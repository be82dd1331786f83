import { Keypair } from '@horde/identity';
import { Operators } from '@horde/panel-server';
import { EventReader } from '@horde/testing/event-reader';
import { adminRoutes, differences, documentedRoutes, PanelClient } from '@horde/testing/panel-client';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { storeJobs } from '../testing/stored-jobs.ts';
import { jobBody, postJson, signatureHeaders, tokenOf } from '../testing/user.ts';

const key = Keypair.generate();
const password = 'correct horse battery';
let facilitator: RunningFacilitator;
let validator: ScriptedValidator;
let operator: PanelClient;
let reader: PanelClient;
let uuid: string;

beforeAll(async () => {
  facilitator = await startFacilitator([key.address]);
  const operators = facilitator.app.get(Operators, { strict: false });
  await operators.create({ name: 'cook', role: 'operate', password }, null);
  await operators.create({ name: 'guest', role: 'read', password }, null);
  operator = await PanelClient.logIn(facilitator.url, 'cook', password);
  reader = await PanelClient.logIn(facilitator.url, 'guest', password);
  validator = await ScriptedValidator.logIn(facilitator.url, key, {}, ['cancel-1']);
  const text = JSON.stringify(
    jobBody(key.address, {
      tag: 'mine',
      env: { KEY: 'secret-of-env' },
      volumes: [{ volume_type: 'single_file', url: 'https://a.example/f?secret-of-url', relative_path: 'f' }],
    }),
  );
  const token = await tokenOf(facilitator.url, facilitator.user);
  const headers = { authorization: `Bearer ${token}`, ...signatureHeaders(facilitator.user, text) };
  uuid = (await postJson(`${facilitator.url}/api/v1/job-docker/`, text, headers)).json.uuid as string;
  await validator.nextJob();
  await validator.update(uuid, 'received');
});
afterAll(() => facilitator.stop());

const get = (path: string, headers?: Record<string, string>) => operator.get(path, headers);

describe('the admin API', () => {
  it('is described in OpenAPI, path by path, and answers as it says', async () => {
    const document = (await get('openapi.json')).json;
    expect(document.openapi).toBe('3.1.0');
    expect(documentedRoutes(document)).toEqual(adminRoutes(facilitator.app));
    for (const [path, schema] of Object.entries({
      session: 'Session',
      overview: 'Overview',
      jobs: 'Jobs',
      [`jobs/${uuid}`]: 'JobPage',
      validators: 'Validators',
      [`validators/${key.address}`]: 'ValidatorPage',
      miners: 'Miners',
      feedback: 'Feedback',
      'cheat-reports': 'CheatReports',
      whitelist: 'Users',
      [`whitelist/${facilitator.user.address}`]: 'User',
      changes: 'Changes',
      configuration: 'Settings',
    })) {
      const { status, json } = await reader.get(path);
      expect([path, status, differences(json, document.components.schemas[schema])]).toEqual([path, 200, []]);
    }
  });

  it('lets nobody in who is not logged in, and lets the role read only look', async () => {
    for (const path of ['jobs', `jobs/${uuid}`, 'openapi.json'])
      expect((await get(path, {})).status).toBe(401);
    const { address } = Keypair.generate();
    expect((await reader.change('PUT', `whitelist/${address}`, {})).status).toBe(403);
    expect((await reader.change('POST', `jobs/${uuid}/cancel`)).status).toBe(403);
  });

  it('takes changes from pages of the panel alone', async () => {
    const { address } = Keypair.generate();
    const { cookie } = operator.headers;
    const foreign: Record<string, string>[] = [
      { cookie },
      { cookie, 'x-request-token': 'x' },
      { ...operator.headers, origin: 'https://evil.example' },
    ];
    for (const headers of foreign)
      expect((await operator.change('PUT', `whitelist/${address}`, {}, headers)).status).toBe(403);
  });

  it('shows all of a job but its secrets', async () => {
    const { json, text } = await get(`jobs/${uuid}`);
    expect(json).toMatchObject({
      hotkey: facilitator.user.address,
      env_names: ['KEY'],
      volumes: [{ type: 'single_file', path: 'f' }],
      timeline: [{ label: 'Sent' }, { label: 'Received', until: null }],
    });
    expect(text).not.toMatch(/secret-of/);
  });

  it('lists everybody’s jobs page by page, newest first, and says how many there are', async () => {
    const query = (sql: string, ...values: unknown[]) => facilitator.database.manager.query(sql, values);
    const hotkey = Keypair.generate().address;
    await storeJobs(query, { hotkey, validator: key.address, count: 12 });
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { json } = await get(`jobs?hotkey=${hotkey}&page_size=5&cursor=${cursor}`);
      expect(json).toMatchObject({ count: 12, is_estimate: false });
      seen.push(...(json.results as { created_at: string }[]).map(({ created_at }) => created_at));
      cursor = json.next as string | null;
    }
    expect(seen).toHaveLength(12);
    expect(seen).toEqual(seen.toSorted().toReversed());
    const found = await get(`jobs?uuid_prefix=${uuid.slice(0, 11)}`);
    expect((found.json.results as { uuid: string }[]).map((job) => job.uuid)).toEqual([uuid]);
    expect((await get('jobs?status=nonsense')).status).toBe(400);
  });

  it('finds jobs by each filter that its document names, and no others', async () => {
    const query = <T>(sql: string, ...values: unknown[]) =>
      facilitator.database.manager.query<T[]>(sql, values);
    const [hotkey, of] = [Keypair.generate().address, Keypair.generate().address];
    await storeJobs(query, { hotkey, validator: of, count: 2, classes: ['always_on.cpu.8c.16gb'] });
    await query(
      `update job set status = 'horde_failed', tag = 'odd', job_namespace = 'SN9.odd', created_at = year::timestamptz
       from unnest(array['2001-01-01', '2099-01-01'],
         (select array_agg(uuid) from job where hotkey = $1)) dated (year, which)
       where uuid = which`,
      hotkey,
    );
    const [later, earlier] = (
      await query<{ uuid: string }>('select uuid from job where hotkey = $1 order by created_at desc', hotkey)
    ).map((job) => job.uuid) as [string, string];
    const found: Record<string, [value: string, uuids: string[]]> = {
      status: ['horde_failed', [later, earlier]],
      executor_class: ['always_on.cpu.8c.16gb', [later, earlier]],
      hotkey: [hotkey, [later, earlier]],
      validator: [of, [later, earlier]],
      uuid: [earlier, [earlier]],
      uuid_prefix: [later.slice(0, 23), [later]],
      tag: ['odd', [later, earlier]],
      job_namespace: ['SN9.odd', [later, earlier]],
      created_after: ['2098-01-01', [later]],
      created_before: ['2002-01-01', [earlier]],
    };
    const { parameters } = (await get('openapi.json')).json.paths['/admin/api/jobs'].get;
    const filters = (parameters as { name: string }[]).map(({ name }) => name);
    expect(Object.keys(found).toSorted()).toEqual(
      filters.filter((name) => name !== 'cursor' && name !== 'page_size').toSorted(),
    );
    for (const [name, [value, uuids]] of Object.entries(found)) {
      const { json } = await get(`jobs?${name}=${value}`);
      expect([name, (json.results as { uuid: string }[]).map((job) => job.uuid)]).toEqual([name, uuids]);
    }
  });

  it('cancels a job, tells its events, and records who did it', async () => {
    const events = await EventReader.openWith(
      `${facilitator.url}/admin/api/jobs/${uuid}/events`,
      operator.headers,
    );
    expect((await operator.change('POST', `jobs/${uuid}/cancel`)).status).toBe(202);
    expect(await validator.next()).toMatchObject({
      message_type: 'V0CancelJobRequest',
      cancelled_by: 'the operator of the facilitator',
    });
    await validator.update(uuid, 'failed');
    expect((await events.until('end')).at(-1)!.data).toMatchObject({ status: 'failed' });
    expect((await get('changes')).json.results[0]).toMatchObject({
      by: 'cook',
      action: 'cancel a job',
      subject: uuid,
    });
  });

  it('changes the whitelist, and records what was there before and since', async () => {
    const { address } = Keypair.generate();
    const path = `whitelist/${address}`;
    expect((await operator.change('PUT', path, { max_unfinished_jobs: 5 })).json).toMatchObject({
      hotkey: address,
      max_unfinished_jobs: 5,
      max_creations_per_minute: null,
    });
    expect((await operator.change('PUT', path, { max_unfinished_jobs: null })).status).toBe(200);
    expect((await operator.change('PUT', path, { max_unfinished_jobs: -1 })).status).toBe(400);
    expect((await operator.change('PUT', 'whitelist/nobody', {})).status).toBe(400);
    expect((await operator.change('DELETE', path)).status).toBe(200);
    expect((await operator.change('DELETE', path)).status).toBe(404);
    const changes = (await get('changes')).json.results as {
      subject: string;
      before: object;
      after: object;
    }[];
    expect(changes.filter(({ subject }) => subject === address)).toMatchObject([
      { before: { max_unfinished_jobs: null }, after: null },
      { before: { max_unfinished_jobs: 5 }, after: { max_unfinished_jobs: null } },
      { before: null, after: { max_unfinished_jobs: 5 } },
    ]);
  });

  it('changes a setting that counts at once, says what is wrong with another value, and records both ends', async () => {
    const path = 'configuration/ENABLE_ORGANIC_JOBS';
    const create = async () => {
      const text = JSON.stringify(jobBody(key.address, { tag: crypto.randomUUID() }));
      const token = await tokenOf(facilitator.url, facilitator.user);
      const headers = { authorization: `Bearer ${token}`, ...signatureHeaders(facilitator.user, text) };
      return (await postJson(`${facilitator.url}/api/v1/job-docker/`, text, headers)).text;
    };
    expect((await operator.change('PUT', path, { value: false })).json).toMatchObject({
      value: false,
      from: 'operator',
      otherwise: { value: true, from: 'default' },
      changed: { by: 'cook' },
    });
    expect(await create()).toContain('Job creation is disabled');
    expect((await operator.change('DELETE', path)).json).toMatchObject({ value: true, from: 'default' });
    expect(await create()).not.toContain('Job creation is disabled');
    expect((await get('changes')).json.results.slice(0, 2)).toMatchObject([
      { by: 'cook', action: 'take back a setting', before: { value: false }, after: { value: true } },
      { subject: 'ENABLE_ORGANIC_JOBS', before: { value: true, from: 'default' }, after: { value: false } },
    ]);
    const wrong = await operator.change('PUT', path, { value: 'yes' });
    expect([wrong.status, wrong.json]).toEqual([400, ['ENABLE_ORGANIC_JOBS must be true or false.']]);
    expect((await operator.change('PUT', path, {})).status).toBe(400);
    expect((await operator.change('PUT', 'configuration/OTHER', { value: 1 })).status).toBe(404);
    expect((await reader.change('PUT', path, { value: false })).status).toBe(403);
    expect((await reader.change('DELETE', path)).status).toBe(403);
  });

  it('tells an open page what has changed, whoever has changed it, until its login has ended', async () => {
    const page = await PanelClient.logIn(facilitator.url, 'guest', password);
    const live = await EventReader.openWith(`${facilitator.url}/admin/api/live`, page.headers);
    await operator.change('PUT', 'configuration/ENABLE_ORGANIC_JOBS', { value: true });
    await live.changed('configuration');
    const coming = await ScriptedValidator.logIn(facilitator.url, key);
    await live.changed('validators');
    await coming.leave();
    const text = JSON.stringify(jobBody(key.address, { tag: 'told' }));
    const token = await tokenOf(facilitator.url, facilitator.user);
    const headers = { authorization: `Bearer ${token}`, ...signatureHeaders(facilitator.user, text) };
    await postJson(`${facilitator.url}/api/v1/job-docker/`, text, headers);
    await live.changed('jobs');
    await fetch(`${facilitator.url}/admin/logout`, { method: 'POST', headers: page.headers });
    await operator.change('DELETE', 'configuration/ENABLE_ORGANIC_JOBS');
    const later: unknown[] = [];
    for (let event = await live.next(); event; event = await live.next()) later.push(...event.data);
    expect(later).not.toContain('configuration');
    expect((await EventReader.openWith(`${facilitator.url}/admin/api/live`, page.headers)).status).toBe(401);
  });

  it('shows miners with the machines that they were seen with, what users say of jobs, and what users did', async () => {
    const query = (sql: string, ...values: unknown[]) => facilitator.database.manager.query(sql, values);
    const [miner, user] = [Keypair.generate().address, Keypair.generate().address];
    await query(`insert into miner (hotkey, active, ip, port) values ($1, true, '192.0.2.1', 8000)`, miner);
    const card = { name: 'NVIDIA RTX A6000', capacity: '49140' };
    const specs = {
      cpu: { model: 'EPYC', count: 64 },
      gpu: { count: 2, details: [card, card] },
      os: 'Ubuntu',
    };
    validator.sendText(
      JSON.stringify({
        message_type: 'V0MachineSpecsUpdate',
        miner_hotkey: miner,
        validator_hotkey: key.address,
        batch_id: 'batch',
        specs,
      }),
    );
    await validator.settle();
    expect((await get('miners')).json.results).toMatchObject([
      {
        hotkey: miner,
        ip: '192.0.2.1',
        measured_by: key.address,
        gpus: [{ count: 2, vram: 49140 }],
        machines: 1,
      },
    ]);
    await facilitator.allow(user);
    await storeJobs(query, { hotkey: user, validator: key.address, count: 4, failed: 2 });
    const users = (await get('whitelist')).json.results as { hotkey: string }[];
    expect(users.find(({ hotkey }) => hotkey === user)).toMatchObject({ recent_jobs: 4, recent_failures: 2 });
    await query(
      `insert into job_feedback (job_uuid, result_correctness, signature) select uuid, 0.5, '{}' from job where hotkey = $1`,
      user,
    );
    const first = (await get('feedback?page_size=3')).json;
    expect(first).toMatchObject({ count: 4, results: [{ hotkey: user, result_correctness: 0.5 }, {}, {}] });
    const rest = (await get(`feedback?page_size=3&cursor=${first.next}`)).json;
    expect([rest.results.length, rest.next]).toEqual([1, null]);
    const { json: jobs } = await get(`jobs?hotkey=${user}`);
    const [wrong, right] = (jobs.results as { uuid: string }[]).map((job) => job.uuid);
    await query(
      'insert into cheat_report (job_uuid, trusted_job_uuid, details, signature) values ($1, $2, $3, $4)',
      wrong,
      right,
      '{"says": "wrong", "token": "secret-of-report"}',
      '{}',
    );
    const { json: reports, text } = await get('cheat-reports');
    expect(reports).toMatchObject({
      count: 1,
      results: [{ job_uuid: wrong, trusted_job_uuid: right, hotkey: user, is_delivered: true }],
    });
    expect(reports.results[0].details).toContain('"says":"wrong"');
    expect(text).not.toContain('secret-of-report');
    expect((await operator.change('DELETE', `whitelist/${user}`)).status).toBe(200);
    const left = { hotkey: user, since: null, recent_jobs: 4, recent_failures: 2 };
    expect((await get(`whitelist/${user}`)).json).toMatchObject(left);
    expect((await get('whitelist')).json.results.at(-1)).toMatchObject({ since: null });
    expect((await get('whitelist')).json.results).toContainEqual(expect.objectContaining(left));
    expect((await get(`whitelist/${miner}`)).status).toBe(404);
    expect((await get(`validators/${user}`)).status).toBe(404);
  });

  it('hands artifacts out as files to be saved, whatever they are called', async () => {
    const query = (sql: string, ...values: unknown[]) => facilitator.database.manager.query(sql, values);
    const hotkey = Keypair.generate().address;
    await storeJobs(query, { hotkey, validator: key.address, count: 1, artifacts: 8 });
    const { json } = await get(`jobs?hotkey=${hotkey}`);
    const job = json.results[0].uuid as string;
    const names = ['/artifacts/a.html', '__proto__', 'a\0"\r\n', '\ud800é'];
    const files = `{${names.map((name) => `${JSON.stringify(name)}:"PGI+"`).join()}}`;
    await query('update job_status set artifacts = $2 where job_uuid = $1', job, Buffer.from(files));
    expect((await get(`jobs/${job}`)).json.artifacts).toEqual(names.map((name) => ({ name, size: 3 })));
    const path = `${facilitator.url}/admin/api/jobs/${job}/artifact?name=`;
    for (const [name, file] of [
      ['/artifacts/a.html', `filename="a.html"; filename*=UTF-8''a.html`],
      ['__proto__', `filename="__proto__"; filename*=UTF-8''__proto__`],
      ['a\0"\r\n', `filename="a____"; filename*=UTF-8''a%00%22%0D%0A`],
    ] as const) {
      const response = await fetch(path + encodeURIComponent(name), { headers: reader.headers });
      expect(await response.text()).toBe('<b>');
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; ${file}`,
        'x-content-type-options': 'nosniff',
      });
    }
    expect((await get(`jobs/${job}/artifact?name=toString`)).status).toBe(404);
    expect((await get(`jobs/${job}/artifact`)).status).toBe(404);
  });
});
