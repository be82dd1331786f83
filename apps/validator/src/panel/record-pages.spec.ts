import { randomUUID } from 'node:crypto';
import { Keypair } from '@horde/identity';
import type { ValidatorMiner, PanelList, PanelReceipt } from '@horde/panel-api';
import { Operators } from '@horde/panel-server';
import { EventReader } from '@horde/testing/event-reader';
import { differences, PanelClient } from '@horde/testing/panel-client';
import { accepted, finished, started } from '@horde/testing/receipts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManifestSync } from '../allowance/manifest-sync.ts';
import { StoreManifests } from '../allowance/store-manifests.ts';
import { Blacklist } from '../blacklist/blacklist.ts';
import { SystemEvents } from '../events/system-events.ts';
import { WeightsStore } from '../weights/weights-store.ts';
import { AllowanceView } from '../allowance/allowance-view.ts';
import { Database } from '@horde/database';
import { storeSigned } from '../testing/signed-row.ts';
import { SoleScene } from '../testing/sole-scene.ts';
import { validatorPanel } from './panel-document.ts';

const password = 'correct horse battery';
const [free, gone, silent] = [1, 2, 3].map(() => Keypair.generate()) as [Keypair, Keypair, Keypair];
const foreign = Keypair.generate();
const [jobUuid, secondUuid, bookingId] = [randomUUID(), randomUUID(), randomUUID()];
let scene: SoleScene;
let operator: PanelClient;
let reader: PanelClient;
const query = (sql: string, values: unknown[] = []) => scene.place.query(sql, values);

beforeAll(async () => {
  scene = await SoleScene.start();
  const operators = scene.validator.get(Operators, { strict: false });
  await operators.create({ name: 'cook', role: 'operate', password }, null);
  await operators.create({ name: 'guest', role: 'read', password }, null);
  const url = await scene.validator.getUrl();
  operator = await PanelClient.logIn(url, 'cook', password);
  reader = await PanelClient.logIn(url, 'guest', password);
  // It would ask the miners stored here what they offer, once it knows of blocks, and note their silence.
  scene.validator.get(ManifestSync, { strict: false }).stop();
  await storeMiners();
  await storeJob();
});
afterAll(() => scene.stop());

async function storeMiners(): Promise<void> {
  const [one, two, three] = [free.address, gone.address, silent.address];
  await query(
    `insert into miner (hotkey, uid, ip, port) values ($1, 0, '192.0.2.1', 8000), ($2, 1, null, null), ($3, 2, '::1', 8001)`,
    [one, two, three],
  );
  await query('update miner set incentive = 0.25, emission = 1.5 where hotkey = $1', [one]);
  await query(`insert into miner_answer (hotkey, answered_at) values ($1, now())`, [one]);
  await query(`insert into miner_manifest values ($1, 'always_on.test', 2)`, [one]);
  await query(
    `insert into manifest_change values ($1, 'always_on.test', 10, 3, false), ($1, 'always_on.test', 20, 2, true)`,
    [one],
  );
  await query('insert into stake_snapshot (hotkeys, shares) values (array[$1], array[0.5])', [
    scene.place.keypair.address,
  ]);
  await query(
    `insert into allowance_block select number, number::text, now() - (40 - number) * interval '12 s', 1, 1
     from generate_series(1, 40) number`,
  );
  await query(
    `insert into booking (id, miner_hotkey, executor_class, blocks, last_block, seconds, created_at, expires_at) values
       ($1, $2, 'always_on.test', '{[21,24),[25,26)}', 25, 40, now(), now() + interval '1 hour'),
       (gen_random_uuid(), $2, 'always_on.test', '{[30,32)}', 31, 20, now() - interval '1 minute', null),
       (gen_random_uuid(), $2, 'always_on.test', '{}', 0, 0, now() - interval '2 minutes', now() - interval '1 second')`,
    [bookingId, one],
  );
  await scene.validator.get(AllowanceView).refresh();
}

/** A job of another process, which its miner has lost, and then got again. */
async function storeJob(): Promise<void> {
  await query(
    `insert into job (uuid, request, executor_class, status, driver, lease_until)
     values ($1, '{}', 'always_on.test', 'accepted', gen_random_uuid(), now() + interval '1 hour')`,
    [jobUuid],
  );
  await query(
    `insert into attempt (job_uuid, number, uuid, miner_hotkey, miner_ip, miner_port, started_at, ended_at, outcome, message, booking_id)
     values ($1, 1, $1, $3, '192.0.2.1', 1, now() - interval '2 minutes', now() - interval '1 minute', 'horde_failed', 'lost https://a.example/f?secret-of-url', null),
            ($1, 2, $2, $3, '192.0.2.1', 1, now() - interval '1 minute', null, null, null, $4)`,
    [jobUuid, secondUuid, free.address, bookingId],
  );
  await query(`insert into miner_incident values ($1, $2, 'always_on.test', 'horde_failed')`, [
    free.address,
    jobUuid,
  ]);
  const { manager } = scene.validator.get(Database);
  const own = { validator: scene.place.keypair, miner: free };
  const other = { validator: foreign, miner: free };
  const at = Date.now() - 600_000;
  await storeSigned(
    manager,
    [started({ ...own, uuid: secondUuid }), accepted({ ...own, uuid: secondUuid })],
    own,
  );
  for (let number = 0; number < 7; number++) {
    const of = { ...other, uuid: randomUUID(), at: at + number };
    const blocks = number === 0 ? [2 ** 31 - 1] : [7, 8, 9, 12];
    await storeSigned(
      manager,
      [started(of), finished({ ...of, at: at + 60_000 + number }, { block_numbers: blocks })],
      other,
    );
  }
}

/** All rows of a list, read in pages of three. */
async function all<Row>(path: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const { status, json } = await reader.get(`${path}&page_size=3&cursor=${cursor}`);
    expect([path, status]).toEqual([path, 200]);
    const page = json as PanelList<Row>;
    rows.push(...page.results);
    cursor = page.next;
  }
  return rows;
}

describe('each page of the validator’s panel', () => {
  it('answers as its document says', async () => {
    for (const [path, schema] of Object.entries({
      miners: 'Miners',
      [`miners/${free.address}`]: 'Miner',
      blacklist: 'Blacklist',
      whitelist: 'Whitelist',
      allowance: 'Allowance',
      bookings: 'Bookings',
      manifests: 'Manifests',
      receipts: 'Receipts',
      events: 'Events',
      cycles: 'Cycles',
    })) {
      const { status, json } = await reader.get(path);
      expect([path, status, differences(json, validatorPanel.schemas[schema]!)]).toEqual([path, 200, []]);
    }
  });

  it('is shown to nobody who is not logged in, and changed by nobody who may only look', async () => {
    for (const path of ['miners', 'receipts', 'events'])
      expect((await reader.get(path, {})).status).toBe(401);
    for (const list of ['blacklist', 'whitelist'])
      for (const method of ['PUT', 'DELETE'])
        expect((await reader.change(method, `${list}/${free.address}`)).status).toBe(403);
  });
});

describe('the page of miners', () => {
  const sentences = async () =>
    ((await reader.get('miners')).json as { results: ValidatorMiner[] }).results.map(
      ({ sentence }) => sentence,
    );

  it('says of each why it is chosen, or why not', async () => {
    expect(await sentences()).toEqual([
      'This miner can be chosen for always_on.test (in 100 % of cases first).',
      'This miner is not chosen because it is not on the chain any more.',
      'This miner is not chosen because it does not answer when it is asked what it offers.',
    ]);
  });

  it('has for each what it has, and what it has done', async () => {
    const { json } = await reader.get(`miners/${free.address}`);
    expect(json).toMatchObject({
      address: '192.0.2.1:8000',
      standings: [{ executor_class: 'always_on.test', offered: 2, busy: 1, incidents: 1, obstacle: null }],
      answer: { misses: 0 },
      collateral: { wei: null, sentence: expect.stringContaining('COLLATERAL is off') as string },
      earnings: { incentive: 0.25, emission: 1.5 },
      incidents: [{ kind: 'horde_failed', job_uuid: jobUuid, counts: true }],
      attempts: [
        { number: 2, outcome: null },
        {
          number: 1,
          outcome: 'horde_failed',
          message: expect.stringMatching(/^lost (?!.*secret-of-url)/) as string,
        },
      ],
    });
    const hours = json.hours as { offered: number; busy: number; busy_elsewhere: number }[];
    const spent = (name: 'busy' | 'busy_elsewhere') => hours.reduce((sum, hour) => sum + hour[name], 0);
    expect(hours.at(-1)!.offered).toBe(2);
    expect(spent('busy')).toBeGreaterThan(0);
    expect(spent('busy_elsewhere')).toBeGreaterThan(0);
    expect((await reader.get('miners/nobody')).status).toBe(404);
  });

  it('has the blacklist, which an operator changes, with the reason, the time, and a record of it', async () => {
    const path = `blacklist/${free.address}`;
    const entry = { because: 'it asked for a pause', hours: 1.5 };
    for (const wrong of [{}, { because: ' ' }, { because: 'x', hours: 'x' }, { because: 'x', hours: -1 }])
      expect((await operator.change('PUT', path, wrong)).status).toBe(400);
    expect((await operator.change('PUT', 'blacklist/nobody', entry)).status).toBe(400);
    expect((await operator.change('PUT', path, entry)).json.results).toMatchObject([
      {
        hotkey: free.address,
        reason: 'MANUAL',
        details: entry.because,
        expires_at: expect.any(String) as string,
      },
    ]);
    expect((await sentences())[0]).toBe('This miner is not chosen because it is on the blacklist.');
    expect((await operator.change('DELETE', path)).status).toBe(200);
    expect((await operator.change('DELETE', path)).status).toBe(404);
    expect((await reader.get('changes')).json.results.slice(0, 2)).toMatchObject([
      { by: 'cook', action: 'unblacklist a miner', subject: free.address, after: null },
      {
        by: 'cook',
        action: 'blacklist a miner',
        before: null,
        after: { MANUAL: { details: entry.because } },
      },
    ]);
  });
});

describe('the page of the whitelist', () => {
  it('has the validator’s own hotkey, and is changed with a record of it', async () => {
    const { address } = Keypair.generate();
    const path = `whitelist/${address}`;
    const listed = async () =>
      (await reader.get('whitelist')).json.results as { hotkey: string; since: string | null }[];
    expect((await operator.change('PUT', 'whitelist/nobody')).status).toBe(400);
    expect((await operator.change('PUT', path)).json).toMatchObject({ hotkey: address, unfinished_jobs: 0 });
    expect(await listed()).toMatchObject([
      { hotkey: scene.place.keypair.address, since: null },
      { hotkey: address },
    ]);
    expect((await operator.change('DELETE', path)).status).toBe(200);
    expect((await operator.change('DELETE', path)).status).toBe(404);
    expect((await reader.get('changes')).json.results.slice(0, 2)).toMatchObject([
      { action: 'take a hotkey off the whitelist', subject: address },
      { action: 'whitelist a hotkey', subject: address },
    ]);
  });
});

describe('a list that grows', () => {
  const kinds = (receipts: PanelReceipt[]) => receipts.map(({ kind }) => kind);

  it('is read page by page without a gap or a row twice, whatever it is filtered by', async () => {
    const receipts = await all<PanelReceipt>('receipts?');
    expect(new Set(receipts.map(({ id }) => id)).size).toBe(16);
    expect(receipts.map(({ timestamp }) => timestamp)).toEqual(
      receipts
        .map(({ timestamp }) => timestamp)
        .toSorted()
        .toReversed(),
    );
    expect(kinds(await all('receipts?kind=finished'))).toEqual(Array.from({ length: 7 }, () => 'finished'));
    expect(await all(`receipts?kind=started&miner=${free.address}`)).toHaveLength(8);
    expect(await all(`receipts?miner=${silent.address}`)).toEqual([]);
    expect((await all<PanelReceipt>('receipts?kind=finished')).map(({ blocks }) => blocks).slice(-2)).toEqual(
      ['7-9, 12', '2147483647'],
    );
  });

  it('finds the receipts of a job under any name that its miners know it by', async () => {
    const receipts = await all<PanelReceipt>(`receipts?job=${jobUuid}`);
    expect(kinds(receipts).toSorted()).toEqual(['accepted', 'started']);
    expect(receipts[0]).toMatchObject({ job_uuid: secondUuid, is_own: true });
  });

  it('refuses what it cannot read', async () => {
    for (const question of [
      'receipts?kind=blue',
      'receipts?job=7',
      'receipts?kind=started&kind=finished',
      'receipts?cursor=x',
      'events?after=yesterday',
      'events?before=2026-02-31T99:00:00Z',
      'bookings?block=x',
      'bookings?state=lost',
    ])
      expect([question, (await reader.get(question)).status]).toEqual([question, 400]);
  });

  it('has bookings by miner, state, block and job', async () => {
    expect(await all(`bookings?miner=${free.address}`)).toMatchObject([
      { id: bookingId, state: 'reserved', blocks: '21-23, 25', block_count: 4, job_uuid: jobUuid },
      { state: 'spent', blocks: '30-31', expires_at: null, job_uuid: null },
      { state: 'over', blocks: null, block_count: 0 },
    ]);
    for (const filter of ['state=reserved', 'block=25', `job=${jobUuid}`])
      expect([filter, await all(`bookings?${filter}`)]).toMatchObject([filter, [{ id: bookingId }]]);
    expect(await all('bookings?block=24')).toEqual([]);
    expect((await reader.get(`jobs/${jobUuid}`)).json.tries).toMatchObject([
      { number: 1, booking: null },
      { number: 2, booking: { seconds: 40, blocks: '21-23, 25', is_spent: false } },
    ]);
  });

  it('has what miners have changed in their manifests, and what it was before', async () => {
    expect(await all('manifests?')).toMatchObject([
      { block: 20, count: 2, before: 3, is_drop: true, at: expect.any(String) as string },
      { block: 10, count: 3, before: null, is_drop: false },
    ]);
    expect(await all('manifests?change=drop&to_block=19')).toEqual([]);
    expect(
      await all(`manifests?miner=${free.address}&from_block=10&to_block=10&executor_class=always_on.test`),
    ).toHaveLength(1);
  });

  it('has system events by type, subtype and time', async () => {
    await query(
      `insert into system_event (type, subtype, description, data, at) values
         ('JOB_ROUTING', 'FAILURE', 'two hours ago', '{"job_uuid": "x"}', now() - interval '2 hours'),
         ('JOB_ROUTING', 'SUCCESS', 'an hour ago', '{"why": "https://a.example/f?secret-of-url"}', now() - interval '1 hour')`,
    );
    const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
    const told = async (filter: string) =>
      (await all<{ description: string }>(`events?${filter}`)).map(({ description }) => description);
    expect((await reader.get('events')).text).not.toContain('secret-of-url');
    expect(await told('type=JOB_ROUTING')).toEqual(['an hour ago', 'two hours ago']);
    expect(await told('type=JOB_ROUTING&subtype=FAILURE')).toEqual(['two hours ago']);
    expect(await told(`type=JOB_ROUTING&after=${ago(90)}&before=${ago(30)}`)).toEqual(['an hour ago']);
  });
});

describe('the page of allowance', () => {
  it('tells what can be spent where, as routing sees it', async () => {
    const { json } = await reader.get('allowance');
    const [account] = json.results;
    expect(json).toMatchObject({ first_block: 0, last_block: 40 });
    expect(account).toMatchObject({ miner_hotkey: free.address, offered: 2 });
    expect(account.total).toBeCloseTo(account.spent + account.reserved + account.available, 6);
    // Four blocks of 12 s are reserved, and two spent, of two executors and half of the stake.
    expect([account.reserved, account.spent]).toEqual([expect.closeTo(48, 6), expect.closeTo(24, 6)]);
    expect(json.sentence).toMatch(/executor-seconds can be spent at 1 miner\. ALLOWANCE_REQUIRED is off/);
  });
});

describe('the page of cycles', () => {
  it('tells of each what was handed in, who gets what, and what failed', async () => {
    const reasons = {
      neurons_block: 1430,
      neurons: 3,
      limits: { min_allowed_weights: 1, max_weight_limit: 65535 },
      classes: [
        {
          executor_class: 'always_on.test',
          weight: 1,
          total: 110,
          coldkeys: [
            {
              coldkey: 'cold',
              total: 100,
              main_hotkey: 'a',
              previous_main_hotkey: 'b',
              danced: true,
              shares: { a: 88, b: 22 },
            },
          ],
        },
      ],
      lost: { b: 0.2 },
      cheated: [],
      burn: { main: 'burner', parts: { burner: 0.5 } },
    };
    await query(
      `insert into cycle_weights (cycle_start, cycle_end, window_from, window_until, state, note, weights, reasons, attempts)
       values (-14, 708, 1083, 1429, 'missed', 'The chain did not take it.', $1, $2, 2), (708, 1430, 1805, 2151, 'to compute', 'x', null, null, 0)`,
      [
        JSON.stringify([
          ['burner', 0.5],
          ['a', 0.5],
        ]),
        JSON.stringify(reasons),
      ],
    );
    await query(
      `insert into system_event (type, subtype, description, data) values
         ('WEIGHT_SETTING_FAILURE', 'GIVING_UP', 'too late', '{"block_from": -14}'),
         ('WEIGHT_SETTING_FAILURE', 'GIVING_UP', 'of another', '{"block_from": 708}')`,
    );
    const { json: list } = await reader.get('cycles');
    expect(list.results).toMatchObject([
      { cycle_start: 708 },
      { cycle_start: -14, state: 'missed', attempts: 2 },
    ]);
    const { json } = await reader.get('cycles/-14');
    expect(differences(json, validatorPanel.schemas['Cycle']!)).toEqual([]);
    expect(json).toMatchObject({
      sentence: 'The chain did not take it.',
      miners: [
        {
          hotkey: 'a',
          weight: 0.5,
          coldkey: 'cold',
          is_main: true,
          scores: { 'always_on.test': 88 },
          note: null,
        },
        { hotkey: 'burner', weight: 0.5, note: 'Weights are burnt at it.' },
        { hotkey: 'b', weight: null, note: expect.stringContaining('not registered') as string },
      ],
      coldkeys: [{ coldkey: 'cold', danced: true }],
      burnt: { burner: 0.5 },
      events: [{ description: 'too late' }],
    });
    expect((await reader.get('cycles/708')).json).toMatchObject({ neurons: null, miners: [] });
    for (const none of ['cycles/7', 'cycles/x']) expect((await reader.get(none)).status).toBe(404);
  });

  it('open pages are told of manifests, miners, cycles, events and the lists when they change', async () => {
    const url = `${await scene.validator.getUrl()}/admin/api/live`;
    const live = await EventReader.openWith(url, reader.headers);
    const part: typeof scene.validator.get = (token: never) => scene.validator.get(token, { strict: false });
    const answer = new Map([['always_on.test', 1]] as const);
    await part(StoreManifests).store(50, new Map([[free.address, answer]]));
    await part(WeightsStore).claim({ cycle: { start: 1430, end: 2152 }, from: 2527, until: 2873 });
    await part(SystemEvents).record({ type: 'RECEIPT_FAILURE', subtype: 'X', description: 'It is told.' });
    await operator.change('PUT', `whitelist/${foreign.address}`);
    await part(Blacklist).addByHand(silent.address, 'told', 1, null);
    await live.changed('manifests', 'miners', 'cycles', 'events', 'whitelist', 'blacklist');
    live.close();
  });
});
