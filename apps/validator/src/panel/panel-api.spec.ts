import type { PanelJobFrames } from '@horde/panel-api';
import { randomUUID } from 'node:crypto';
import { Operators, panelDocument } from '@horde/panel-server';
import { make, SingleFileVolume } from '@horde/protocol';
import { adminRoutes, differences, documentedRoutes, PanelClient } from '@horde/testing/panel-client';
import { wholeJob } from '@horde/testing/validator-miner/miner-script';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import { writeDecision } from '../routing/decision.ts';
import { SoleScene } from '../testing/sole-scene.ts';
import { validatorPanel } from './panel-document.ts';

const password = 'correct horse battery';
let scene: SoleScene;
let operator: PanelClient;
let reader: PanelClient;
let done: string;

beforeAll(async () => {
  scene = await SoleScene.start();
  scene.miner.script = wholeJob;
  const operators = scene.validator.get(Operators, { strict: false });
  await operators.create({ name: 'cook', role: 'operate', password }, null);
  await operators.create({ name: 'guest', role: 'read', password }, null);
  const url = await scene.validator.getUrl();
  operator = await PanelClient.logIn(url, 'cook', password);
  reader = await PanelClient.logIn(url, 'guest', password);
  const volume = make(SingleFileVolume, { url: 'https://a.example/f?secret-of-url', relative_path: 'f' });
  done = await scene.send({ env: new Map([['KEY', 'secret-of-env']]), volume });
  await scene.facilitator.update(done, 'completed');
});
afterAll(() => scene.stop());

const candidate = {
  hotkey: '5Busy',
  ip: '127.0.0.1',
  port: 1,
  offered: 2,
  busy: 2,
  elsewhere: 0,
  incidents: 0,
  allowance: 7,
  reliability: -1.5,
  chance: 0,
  obstacle: 'busy' as const,
};

describe('the validator’s admin API', () => {
  it('is described in OpenAPI, path by path, and answers as it says', async () => {
    await scene.place.query('update routing_decision set decision = $2 where job_uuid = $1', [
      done,
      writeDecision('It goes to 5Free.', [candidate], null),
    ]);
    const document = (await operator.get('openapi.json')).json;
    expect(document).toEqual(panelDocument(validatorPanel));
    expect(documentedRoutes(document)).toEqual(adminRoutes(scene.validator));
    for (const [path, schema] of Object.entries({
      session: 'Session',
      changes: 'Changes',
      overview: 'Overview',
      configuration: 'Settings',
      [`jobs/${done}/frames`]: 'JobFrames',
      [`jobs/${done}/output`]: 'JobOutput',
      jobs: 'Jobs',
      [`jobs/${done}`]: 'JobPage',
    })) {
      const { status, json } = await reader.get(path);
      expect([path, status, differences(json, document.components.schemas[schema])]).toEqual([path, 200, []]);
    }
  });

  it('lets nobody in who is not logged in, and lets the role read only look', async () => {
    for (const path of ['overview', 'jobs', `jobs/${done}`])
      expect((await reader.get(path, {})).status).toBe(401);
    for (const change of ['cancel', 'run-again'])
      expect((await reader.change('POST', `jobs/${done}/${change}`)).status).toBe(403);
  });

  it('tells of a job its statuses, attempts, choices and receipts, and none of its secrets', async () => {
    const { json, text } = await reader.get(`jobs/${done}`);
    expect(json).toMatchObject({
      status: 'completed',
      signatory: scene.place.keypair.address,
      attempts: 1,
      miner_hotkey: scene.miner.keypair.address,
      tries: [{ number: 1, uuid: done, outcome: 'the job completed', message: null }],
      choices: [
        {
          sentence: 'It goes to 5Free.',
          attempt: 1,
          candidates: [
            { hotkey: '5Busy', busy: 2, is_chosen: false, sentence: expect.stringContaining('busy') },
          ],
        },
      ],
      request: { env_names: ['KEY'], volume: 'single_file', is_streaming: false },
    });
    expect(json.receipts.map(({ type }: { type: string }) => type)).toEqual([
      'JobStartedReceipt',
      'JobAcceptedReceipt',
      'JobFinishedReceipt',
    ]);
    const labels = json.timeline.map(({ label }: { label: string }) => label);
    expect(labels).toEqual([
      'Received',
      'Accepted',
      'Executor Ready',
      'Volumes Ready',
      'Execution Done',
      'Completed',
      'Attempt 1',
      'Waits for a miner',
    ]);
    expect(text).not.toMatch(/secret-of/);
  });

  it('lists jobs page by page, newest first, by each filter, and says how many there are', async () => {
    const signatory = `5${'x'.repeat(47)}`;
    await scene.place.query(
      `with made as (
         insert into job (uuid, request, executor_class, signatory, status, received_at, ended_at)
         select gen_random_uuid(), '', 'always_on.test', $1, 'rejected', now() - make_interval(secs => n / 3), now()
         from generate_series(1, 12) n returning uuid, received_at
       ) insert into attempt (job_uuid, number, uuid, miner_hotkey, miner_ip, miner_port, started_at, ended_at, outcome)
         select uuid, 1, uuid, '5Miner', '127.0.0.1', 1, received_at, now(), 'declined' from made`,
      [signatory],
    );
    for (const filter of [
      `hotkey=${signatory}&status=rejected`,
      'miner=5Miner&executor_class=always_on.test',
    ]) {
      const seen: { uuid: string; received_at: string }[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const { json } = await reader.get(`jobs?${filter}&page_size=5&cursor=${cursor}`);
        expect(json).toMatchObject({ count: 12, is_estimate: false });
        seen.push(...json.results);
        cursor = json.next;
      }
      expect(new Set(seen.map(({ uuid }) => uuid)).size).toBe(12);
      const times = seen.map(({ received_at }) => received_at);
      expect(times).toEqual(times.toSorted().toReversed());
    }
    const found = await reader.get(`jobs?uuid_prefix=${done.slice(0, 11)}`);
    expect(found.json.results.map(({ uuid }: { uuid: string }) => uuid)).toEqual([done]);
    for (const wrong of ['status=nonsense', 'cursor=nonsense', 'uuid_prefix=xyz'])
      expect((await reader.get(`jobs?${wrong}`)).status).toBe(400);
  });

  it('shows the job that a miner knows under another uuid, and none that it does not have', async () => {
    const other = randomUUID();
    await scene.place.query(
      `insert into attempt (job_uuid, number, uuid, miner_hotkey, miner_ip, miner_port, started_at, ended_at, outcome)
       values ($1, 2, $2, '5Second', '127.0.0.1', 1, now(), now(), 'declined')`,
      [done, other],
    );
    expect((await reader.get(`jobs/${other}`)).json.uuid).toBe(done);
    for (const unknown of [randomUUID(), 'nonsense'])
      expect((await reader.get(`jobs/${unknown}`)).status).toBe(404);
  });

  it('cancels a job, once, and records who did it', async () => {
    scene.miner.script = {};
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'received');
    expect((await operator.change('POST', `jobs/${uuid}/cancel`)).status).toBe(202);
    const { metadata } = await scene.facilitator.update(uuid, 'failed');
    expect(metadata!.job_failure_details!.message).toBe('Cancelled by the operator of the validator.');
    expect((await operator.change('POST', `jobs/${uuid}/cancel`)).status).toBe(409);
    const changes = (await reader.get('changes')).json.results as { subject: string }[];
    expect(changes.filter(({ subject }) => subject === uuid)).toMatchObject([
      { by: 'cook', action: 'cancel a job' },
    ]);
  });

  it('runs again what a job asked for as a job of the operator’s own, which nobody has signed', async () => {
    scene.miner.script = wholeJob;
    const { status, json } = await operator.change('POST', `jobs/${done}/run-again`);
    expect(status).toBe(201);
    await expect
      .poll(async () => (await reader.get(`jobs/${json.uuid}`)).json)
      .toMatchObject({ status: 'completed', signatory: null, facilitator: 'operator', attempts: 1 });
    expect(json.uuid).not.toBe(done);
    const [{ request }] = (await scene.place.query('select request from job where uuid = $1', [
      json.uuid,
    ])) as [{ request: string }];
    expect(JSON.parse(request)).toMatchObject({ signature: null, output_upload: null });
    expect(scene.facilitator.updates.items.filter(({ uuid }) => uuid === json.uuid)).toEqual([]);
    expect((await reader.get('changes')).json.results[0]).toMatchObject({
      by: 'cook',
      action: 'run a job again',
      subject: done,
      after: { job: json.uuid },
    });
  });

  it('shows what was exchanged about a job with its facilitator and its miner, without secrets', async () => {
    const frames = async () => (await reader.get(`jobs/${done}/frames`)).json as PanelJobFrames;
    await expect
      .poll(async () =>
        (await frames()).results.map(
          ({ peer, is_sent, type }) => `${peer} ${is_sent ? 'gets' : 'sends'} ${type}`,
        ),
      )
      .toEqual(
        expect.arrayContaining([
          'facilitator sends V2JobRequest',
          'miner gets V0InitialJobRequest',
          'miner sends V0AcceptJobRequest',
          'miner gets V0JobRequest',
          'miner sends V0JobFinishedRequest',
          'miner gets V0JobFinishedReceiptRequest',
          'facilitator gets V0JobStatusUpdate',
        ]),
      );
    const all = JSON.stringify(await frames());
    expect(all).toContain(String.raw`\"KEY\":\"[secret]\"`);
    expect(all).not.toContain('secret-of-env');
    expect((await reader.get(`jobs/${crypto.randomUUID()}/frames`)).status).toBe(404);
  });

  it('tells how the validator is', async () => {
    const { json } = await reader.get('overview');
    expect(json).toMatchObject({ waiting: 0, running: 0, run_median: expect.any(Number) });
    expect(json.ends).toContainEqual({ outcome: 'the job completed', count: 2 });
    const sum = (rows: Record<string, number>[], name: string) =>
      rows.reduce((total, row) => total + row[name]!, 0);
    expect([sum(json.spend, 'seconds'), sum(json.hours, 'completed')]).toEqual([40, 2]);
  });

  it('changes a setting for the part that runs, and records who has changed it', async () => {
    const path = 'configuration/DYNAMIC_BURN_RATE';
    const burnRate = () => scene.validator.get(ValidatorConfig, { strict: false }).get('DYNAMIC_BURN_RATE');
    expect((await operator.change('PUT', path, { value: 0.5 })).json).toMatchObject({ from: 'operator' });
    expect(burnRate()).toBe(0.5);
    expect((await reader.change('DELETE', path)).status).toBe(403);
    expect((await operator.change('PUT', path, { value: 2 })).json).toEqual([
      'DYNAMIC_BURN_RATE must be a number from 0 to 1.',
    ]);
    expect((await operator.change('DELETE', path)).json).toMatchObject({ value: 0, from: 'default' });
    expect((await reader.get('changes')).json.results.slice(0, 2)).toMatchObject([
      { by: 'cook', subject: 'DYNAMIC_BURN_RATE', before: { value: 0.5 }, after: { value: 0 } },
      { by: 'cook', subject: 'DYNAMIC_BURN_RATE', before: { value: 0 }, after: { value: 0.5 } },
    ]);
  });
});
