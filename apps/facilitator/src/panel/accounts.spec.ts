import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { Operators } from '@horde/panel-server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase } from '@horde/testing/database';
import { databaseOptions } from '../database.ts';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';

const password = 'correct horse battery';
let facilitator: RunningFacilitator;
let operators: Operators;
const query = <T>(sql: string) => facilitator.database.manager.query<T[]>(sql);

beforeAll(async () => {
  facilitator = await startFacilitator([], { defaultAdminPassword: password });
  operators = facilitator.app.get(Operators, { strict: false });
});
afterAll(() => facilitator.stop());
beforeEach(() => query('delete from login_delay'));

interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: string;
}

/** As a browser or a proxy sends it: with any `Host`, and no redirect is followed. */
async function ask(path: string, headers: Record<string, string> = {}, form?: object): Promise<Answer> {
  const body = form && new URLSearchParams({ ...form }).toString();
  const type = form ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
  const outgoing = request(`${facilitator.url}/admin/${path}`, {
    method: form ? 'POST' : 'GET',
    headers: { ...type, ...headers },
  });
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve).once('error', reject).end(body);
  });
  return { status: incoming.statusCode!, headers: incoming.headers, body: await text(incoming) };
}

const logIn = (name: string, word = password, headers: Record<string, string> = {}) =>
  ask('login/', headers, { name, password: word });
const cookieOf = ({ headers }: Answer) => headers['set-cookie']![0]!.split(';')[0]!;
async function sessionOf(name: string): Promise<{ cookie: string; 'x-request-token': string }> {
  const cookie = cookieOf(await logIn(name));
  const { request_token } = JSON.parse((await ask('api/session', { cookie })).body) as Record<string, string>;
  return { cookie, 'x-request-token': request_token! };
}

describe('the panel before anybody has logged in', () => {
  it('shows its login at /admin/login/ and nothing else, with headers that let no page of others in', async () => {
    const login = await ask('login/');
    expect(login).toMatchObject({ status: 200, headers: { 'x-content-type-options': 'nosniff' } });
    expect(login.headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(login.body).not.toMatch(/<script/);
    expect((await ask('login/style.css')).status).toBe(200);
    expect(await ask('')).toMatchObject({ status: 302, headers: { location: '/admin/login/' } });
    for (const path of ['assets/main.js', 'api/session', 'api/changes'])
      expect([path, (await ask(path)).status]).toEqual([path, 401]);
  });

  it('takes no password in the clear from elsewhere: it answers 200 and shows the way through ssh', async () => {
    const { port } = new URL(facilitator.url);
    const elsewhere: [headers: Record<string, string>, port: string][] = [
      [{ host: 'panel.example:9000' }, '9000'],
      [{ 'x-forwarded-for': '5.6.7.8' }, port],
    ];
    for (const [headers, asked] of elsewhere) {
      const login = await ask('login/', headers);
      expect(login.status).toBe(200);
      expect(login.body).toContain(`ssh -L ${asked}:127.0.0.1:${asked} `);
      expect(login.body).not.toContain('<form');
      expect((await logIn('admin', password, headers)).status).toBe(403);
    }
  });

  it('of a service without an account shows the command that makes one', async () => {
    const bare = await startFacilitator([]);
    const login = await (await fetch(`${bare.url}/admin/login/`)).text();
    await bare.stop();
    expect(login).toContain('create_admin NAME');
    expect(login).not.toContain('<form');
  });
});

it('DEFAULT_ADMIN_PASSWORD makes no account where there is one already', async () => {
  const databaseUrl = await createTestDatabase(databaseOptions);
  const first = await startFacilitator([], { databaseUrl, defaultAdminPassword: password });
  await first.app.get(Operators, { strict: false }).create({ name: 'cook', role: 'operate', password }, null);
  await first.app.get(Operators, { strict: false }).remove('admin', null);
  await first.stop();
  const second = await startFacilitator([], { databaseUrl, defaultAdminPassword: password });
  expect(await second.database.manager.query('select name from operator')).toEqual([{ name: 'cook' }]);
  await second.stop();
});

describe('a login', () => {
  it('with DEFAULT_ADMIN_PASSWORD leads to a password of one’s own, and to nothing before that', async () => {
    const first = await logIn('admin');
    expect(first).toMatchObject({ status: 303, headers: { location: '/admin/password/' } });
    const cookie = cookieOf(first);
    expect((await ask('api/session', { cookie })).status).toBe(403);
    const [, token] = /name="token" value="([^"]+)"/.exec((await ask('password/', { cookie })).body)!;
    const change = { token, password, new: 'a password of my own' };
    expect((await ask('password/', { cookie }, { ...change, token: 'x' })).status).toBe(403);
    expect((await ask('password/', { cookie }, { ...change, new: 'short' })).status).toBe(400);
    const changed = await ask('password/', { cookie }, change);
    expect(changed).toMatchObject({ status: 303, headers: { location: '/admin/' } });
    expect((await ask('api/session', { cookie })).status).toBe(401);
    expect((await ask('api/session', { cookie: cookieOf(changed) })).status).toBe(200);
    expect((await logIn('admin')).status).toBe(403);
  });

  it('has a cookie that only this host and no script reads; over TLS one that no other page can set', async () => {
    await operators.create({ name: 'cook', role: 'read', password }, null);
    const plain = await logIn('cook');
    expect(plain.headers['set-cookie']).toEqual([
      expect.stringMatching(/^horde-facilitator=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/),
    ]);
    const secure = await logIn('cook', password, { host: 'panel.example', 'x-forwarded-proto': 'https' });
    expect(secure.headers['set-cookie']).toEqual([
      expect.stringMatching(
        /^__Host-horde-facilitator=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
      ),
    ]);
    const [{ stored }] = (await query(`select password as stored from operator where name = 'cook'`)) as [
      { stored: string },
    ];
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it('that fails again and again has to wait, without shutting out another address, or the account', async () => {
    await operators.create({ name: 'slow', role: 'read', password }, null);
    const from = (address: string) => ({
      'x-forwarded-proto': 'https',
      'x-real-ip': address,
      host: 'a.example',
    });
    for (let attempt = 1; attempt <= 4; attempt++)
      expect((await logIn('slow', 'wrong', from('5.6.7.8'))).status).toBe(403);
    const refused = await logIn('slow', password, from('5.6.7.8'));
    expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
    expect((await logIn('slow', password, from('5.6.7.9'))).status).toBe(303);
    await query('update login_delay set retry_at = now()');
    expect((await logIn('slow', password, from('5.6.7.8'))).status).toBe(303);
  });

  it('ends by logging out, by idleness, after half a day, with its account and with its password', async () => {
    await operators.create({ name: 'ends', role: 'operate', password }, null);
    const status = async ({ cookie }: { cookie: string }) => (await ask('api/session', { cookie })).status;
    const session = await sessionOf('ends');
    expect((await ask('logout', { cookie: session.cookie }, {})).status).toBe(403);
    expect((await ask('logout', session, {})).status).toBe(204);
    expect(await status(session)).toBe(401);
    for (const change of [
      `update operator_session set used_at = now() - interval '61 minutes' where operator = 'ends'`,
      `update operator_session set opened_at = now() - interval '13 hours' where operator = 'ends'`,
    ]) {
      const next = await sessionOf('ends');
      await query(change);
      expect(await status(next)).toBe(401);
    }
    const next = await sessionOf('ends');
    const usedAt = () =>
      query<{ used_at: Date }>(`select used_at from operator_session where operator = 'ends'`);
    await query(
      `update operator_session set used_at = now() - interval '59 minutes' where operator = 'ends'`,
    );
    const before = await usedAt();
    await ask('api/session', { cookie: next.cookie, 'x-by-itself': 'yes' });
    expect(await usedAt()).toEqual(before);
    expect(await status(next)).toBe(200);
    expect(await usedAt()).not.toEqual(before);
    await operators.setPassword('ends', 'another password', null);
    expect(await status(next)).toBe(401);
  });

  it('of a page of another site is refused', async () => {
    expect((await logIn('admin', password, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await logIn('admin', password, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });
});
