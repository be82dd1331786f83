import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { Database, openDatabase, PostgresDoorbell } from '@horde/database';
import { Queues } from '@horde/queue';
import { pino } from 'pino';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTestDatabase } from '@horde/testing/database';
import { serveProxy } from '@horde/testing/http-proxy';
import {
  createDynamicConfigChangeTable,
  createDynamicConfigTable,
  DynamicConfig,
  DynamicConfigRefresh,
  flag,
  SourceError,
  textList,
  webDocuments,
  wholeNumber,
  type DynamicConfigOptions,
  type SettingChange,
} from './index.ts';

class CreateConfig1795000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createDynamicConfigTable(runner);
    await createDynamicConfigChangeTable(runner);
  }
  down = () => Promise.resolve();
}

const keys = {
  SERVING: flag(true, { help: 'It serves.' }),
  DYNAMIC_NUMBER: wholeNumber(5, { help: 'So many.', unit: 'jobs' }),
  DYNAMIC_LIST: textList(['a'], { help: 'These.' }),
};
const item = (value: unknown, effective_from: string | null = null) => ({
  value,
  effective_from,
  reason: null,
});

let url: string;
let database: Database;
let server: Server;
let bodies: Record<string, string>;
let now: number;

beforeAll(async () => {
  url = await createTestDatabase();
  database = new Database(
    await openDatabase({ service: 'test', url, entities: [], migrations: [CreateConfig1795000000000] }),
  );
  server = createServer((request, response) => {
    const body = bodies[request.url!];
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await database.dataSource.destroy();
  server.close();
});
beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  bodies = {};
  await database.manager.query('truncate dynamic_config, dynamic_config_change');
});

const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const config = (more: Partial<DynamicConfigOptions<typeof keys>> = {}) =>
  new DynamicConfig({
    keys,
    database,
    source: webDocuments([`${address()}/own.json`, `${address()}/common.json`]),
    now: () => now,
    ...more,
  });
const serve = (own: object, common: object = {}) => {
  bodies = { '/own.json': JSON.stringify(own), '/common.json': JSON.stringify(common) };
};

describe('a value', () => {
  it('is the default while nobody has said another', () => {
    expect(config().get('DYNAMIC_NUMBER')).toBe(5);
    expect(config().all()).toEqual([
      { name: 'SERVING', value: true, from: 'default' },
      { name: 'DYNAMIC_NUMBER', value: 5, from: 'default' },
      { name: 'DYNAMIC_LIST', value: ['a'], from: 'default' },
    ]);
  });

  it('is what the documents say, and the second one wins', async () => {
    serve(
      { DYNAMIC_NUMBER: { items: [item(1)] }, DYNAMIC_LIST: { items: [item(['b'])] } },
      {
        DYNAMIC_NUMBER: { items: [item(2)] },
      },
    );
    const one = config();
    expect(await one.fetch()).toEqual([]);
    expect(one.get('DYNAMIC_NUMBER')).toBe(2);
    expect(one.get('DYNAMIC_LIST')).toEqual(['b']);
    expect(one.get('SERVING')).toBe(true);
  });

  it('that the operator has chosen in the environment stays, whatever the documents say', async () => {
    serve({ DYNAMIC_NUMBER: { items: [item(1)] } });
    const one = config({ pinned: new Set(['DYNAMIC_NUMBER']) });
    await one.fetch();
    expect(one.all()[1]).toEqual({ name: 'DYNAMIC_NUMBER', value: 5, from: 'environment' });
  });

  it('that the operator has set here comes before all others, until it is taken back', async () => {
    serve({ DYNAMIC_NUMBER: { items: [item(1)] } });
    const one = config({ pinned: new Set(['SERVING']) });
    await one.fetch();
    await one.set('DYNAMIC_NUMBER', 9);
    await one.set('SERVING', false);
    await one.fetch();
    expect([one.get('DYNAMIC_NUMBER'), one.get('SERVING')]).toEqual([9, false]);
    await one.unset('DYNAMIC_NUMBER');
    await one.unset('SERVING');
    expect([one.get('DYNAMIC_NUMBER'), one.get('SERVING')]).toEqual([1, true]);
  });

  it.each(['\0', '\ud800', ''])(
    'with a text that no database takes keeps no other key back: %j',
    async (text) => {
      serve({ DYNAMIC_LIST: { items: [item(['b', text])] }, DYNAMIC_NUMBER: { items: [item(1)] } });
      const one = config();
      expect(await one.fetch()).toEqual([
        'DYNAMIC_LIST must be a list of at most 1000 texts; what it was stays.',
      ]);
      expect([one.get('DYNAMIC_LIST'), one.get('DYNAMIC_NUMBER')]).toEqual([['a'], 1]);
    },
  );

  it('leaves in the history who changed it, when, from what and to what: the operator’s changes and the documents’', async () => {
    const one = config();
    await one.set('DYNAMIC_NUMBER', 1);
    await one.set('DYNAMIC_NUMBER', 1); // changes nothing
    serve({ DYNAMIC_NUMBER: { items: [item(2), item(3, '2027-01-01T00:00:00Z')] } });
    await one.fetch();
    await one.fetch();
    await one.unset('DYNAMIC_NUMBER');
    serve({ DYNAMIC_LIST: { items: [item(['b'])] } });
    await one.fetch();
    const by = userInfo().username;
    const [now, later] = [
      { value: 2, effectiveFrom: null },
      { value: 3, effectiveFrom: '2027-01-01T00:00:00.000Z' },
    ];
    const set = { value: 1, effectiveFrom: null };
    const history = (await one.history(null, 10)).map(({ at: _at, ...change }) => change);
    expect(history).toEqual([
      {
        name: 'DYNAMIC_LIST',
        from: 'remote',
        by: null,
        old: null,
        new: [{ value: ['b'], effectiveFrom: null }],
      },
      { name: 'DYNAMIC_NUMBER', from: 'remote', by: null, old: [now, later], new: null },
      { name: 'DYNAMIC_NUMBER', from: 'operator', by, old: [set], new: null },
      { name: 'DYNAMIC_NUMBER', from: 'remote', by: null, old: null, new: [now, later] },
      { name: 'DYNAMIC_NUMBER', from: 'operator', by, old: null, new: [set] },
    ]);
    expect(await one.history('DYNAMIC_LIST', 10)).toHaveLength(1);
    await expect(one.history('OTHER', 10)).rejects.toThrow('There is no key OTHER');
  });

  it('is told with its words, what it would be without the operator, and who has changed it last', async () => {
    serve({ DYNAMIC_NUMBER: { items: [item(1)] } });
    const one = config();
    await one.fetch();
    await one.set('DYNAMIC_NUMBER', 9, 'cook');
    expect((await one.describe()).slice(0, 2)).toEqual([
      {
        name: 'SERVING',
        help: 'It serves.',
        type: 'flag',
        default: true,
        value: true,
        from: 'default',
        otherwise: { value: true, from: 'default' },
        changed: null,
      },
      {
        name: 'DYNAMIC_NUMBER',
        help: 'So many.',
        unit: 'jobs',
        type: 'whole number',
        default: 5,
        value: 9,
        from: 'operator',
        otherwise: { value: 1, from: 'remote' },
        changed: { at: expect.any(Date), by: 'cook', from: 'operator' },
      },
    ]);
  });

  it('that the operator changes is recorded with before and after, once, and not at all when it cannot be recorded', async () => {
    const changes: SettingChange[] = [];
    const one = config({ record: async (_tx, change) => void changes.push(change) });
    await one.set('DYNAMIC_NUMBER', 9, 'cook');
    await one.set('DYNAMIC_NUMBER', 9, 'cook');
    await one.unset('DYNAMIC_NUMBER');
    const [initial, set] = [
      { value: 5, from: 'default' },
      { value: 9, from: 'operator' },
    ];
    expect(changes).toEqual([
      { name: 'DYNAMIC_NUMBER', by: 'cook', before: initial, after: set },
      { name: 'DYNAMIC_NUMBER', by: null, before: set, after: initial },
    ]);
    const other = config({ record: () => Promise.reject(new Error('no room')) });
    await expect(other.set('DYNAMIC_NUMBER', 7)).rejects.toThrow('no room');
    await other.load();
    expect(other.get('DYNAMIC_NUMBER')).toBe(5);
  });

  it('changed so often that a thousand later changes are kept is forgotten there', async () => {
    await database.manager.query(
      `insert into dynamic_config_change (key, source) select number::text, 'remote' from generate_series(1, 1200) number`,
    );
    await config().set('DYNAMIC_NUMBER', 1);
    expect(await database.manager.query('select count(*)::int from dynamic_config_change')).toEqual([
      { count: 1_000 },
    ]);
  });

  it('of another process is seen after a look', async () => {
    const [one, other] = [config(), config()];
    await other.set('DYNAMIC_NUMBER', 9);
    expect(one.get('DYNAMIC_NUMBER')).toBe(5);
    await one.load();
    expect(one.get('DYNAMIC_NUMBER')).toBe(9);
  });

  it.each([
    ['SERVING', 'yes', 'SERVING must be true or false.'],
    ['DYNAMIC_NUMBER', -1, 'DYNAMIC_NUMBER must be a whole number from 0 to 9007199254740991.'],
    ['OTHER', 1, 'There is no key OTHER; there are SERVING, DYNAMIC_NUMBER, DYNAMIC_LIST.'],
  ])('cannot be set to what it is not: %s to %j', async (name, value, sentence) => {
    await expect(config().set(name, value)).rejects.toThrow(sentence);
  });
});

describe('what was read once', () => {
  it('stays when the source is away, in the next process too', async () => {
    serve({ DYNAMIC_NUMBER: { items: [item(1)] } });
    await config().fetch();
    bodies = {};
    const next = config();
    await next.load();
    await expect(next.fetch()).rejects.toThrow(SourceError);
    expect(next.get('DYNAMIC_NUMBER')).toBe(1);
  });

  it('comes into force at its time while the source is away', async () => {
    serve({ DYNAMIC_NUMBER: { items: [item(1), item(2, '2026-01-02T00:00:00Z')] } });
    const one = config();
    await one.fetch();
    expect(one.get('DYNAMIC_NUMBER')).toBe(1);
    now += 86_400_000;
    expect(one.get('DYNAMIC_NUMBER')).toBe(2);
  });

  it('stays for a key whose new value cannot be used, and a sentence says so', async () => {
    serve({ DYNAMIC_NUMBER: { items: [item(1)] }, DYNAMIC_LIST: { items: [item(['b'])] } });
    const one = config();
    await one.fetch();
    serve({ DYNAMIC_NUMBER: { items: [item('many')] }, DYNAMIC_LIST: { items: [item(['c'])] } });
    expect(await one.fetch()).toEqual([
      'DYNAMIC_NUMBER must be a whole number from 0 to 9007199254740991; what it was stays.',
    ]);
    expect([one.get('DYNAMIC_NUMBER'), one.get('DYNAMIC_LIST')]).toEqual([1, ['c']]);
  });

  it('goes when the documents no longer have the key', async () => {
    serve({ DYNAMIC_NUMBER: { items: [item(1)] } });
    const one = config();
    await one.fetch();
    serve({});
    await one.fetch();
    expect(one.get('DYNAMIC_NUMBER')).toBe(5);
  });

  it('does not count where the operator has switched the documents off', async () => {
    serve({ DYNAMIC_NUMBER: { items: [item(1)] } });
    await config().fetch();
    const off = config({ source: null });
    await off.load();
    expect(await off.fetch()).toEqual([]);
    expect(off.get('DYNAMIC_NUMBER')).toBe(5);
  });

  it('by a version with other types does not count', async () => {
    await database.manager.query(
      `insert into dynamic_config (key, source, items) values
       ('DYNAMIC_NUMBER', 'operator', '[{"value": "many", "effectiveFrom": null}]'),
       ('DYNAMIC_GONE', 'operator', '[{"value": 1, "effectiveFrom": null}]')`,
    );
    const one = config();
    await one.load();
    expect(one.get('DYNAMIC_NUMBER')).toBe(5);
  });
});

it.each([
  ['{', /own.json is not JSON\.$/],
  ['[]', /own.json is not a JSON object\.$/],
  [' '.repeat(1_048_577), /own.json is larger than 1048576 bytes\.$/],
  [undefined, /own.json answered with 404\.$/],
])('a source that says something else is a sentence', async (body, sentence) => {
  bodies = { '/common.json': '{}', ...(body !== undefined && { '/own.json': body }) };
  await expect(config().fetch()).rejects.toThrow(sentence);
});

it("a source elsewhere is asked over the operator's proxy", async () => {
  bodies = { '/own.json': JSON.stringify({ DYNAMIC_NUMBER: { items: [item(3)] } }) };
  const proxy = await serveProxy({ port: Number(new URL(address()).port) });
  vi.stubEnv('http_proxy', proxy.url);
  const one = config({ source: webDocuments(['http://settings.example/own.json']) });
  await one.fetch().finally(() => vi.unstubAllEnvs());
  expect(one.get('DYNAMIC_NUMBER')).toBe(3);
  expect(proxy.asked).toEqual(['http://settings.example/own.json']);
});

it('a source that nobody serves is a sentence without its query', async () => {
  const one = config({ source: webDocuments(['http://127.0.0.1:1/own.json?token=secret']) });
  await expect(one.fetch()).rejects.toThrow(/^http:\/\/127\.0\.0\.1:1\/own\.json does not answer: /);
});

it('a refresh asks the source when the service starts', async () => {
  serve({ DYNAMIC_NUMBER: { items: [item(3)] } });
  const one = config();
  const queues = new Queues({ service: 'test', databaseUrl: url, redisUrl: null });
  const refresh = new DynamicConfigRefresh(one, queues, pino({ level: 'silent' }));
  await refresh.onApplicationBootstrap();
  await vi.waitFor(() => expect(one.get('DYNAMIC_NUMBER')).toBe(3), { timeout: 10_000 });
  refresh.beforeApplicationShutdown();
  await queues.close();
});

it('a process sees at once what another one has set', async () => {
  const [here, elsewhere] = [new PostgresDoorbell('test', url), new PostgresDoorbell('test', url)];
  const queues = new Queues({ service: 'seen', databaseUrl: url, redisUrl: null });
  const [one, other] = [here, elsewhere].map(
    (doorbell) => new DynamicConfig({ keys, database, doorbell, source: null, now: () => now }),
  );
  const { promise: isListening, resolve: listening } = Promise.withResolvers<unknown>();
  here.on('dynamic-config', listening);
  const refresh = new DynamicConfigRefresh(one!, queues, pino({ level: 'silent' }));
  await refresh.onApplicationBootstrap();
  await isListening;
  await other!.set('DYNAMIC_NUMBER', 8);
  await expect.poll(() => one!.get('DYNAMIC_NUMBER')).toBe(8);
  refresh.beforeApplicationShutdown();
  await Promise.all([queues.close(), here.close(), elsewhere.close()]);
});
