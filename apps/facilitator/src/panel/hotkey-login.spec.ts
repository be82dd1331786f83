import { randomBytes } from 'node:crypto';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { Keypair } from '@horde/identity';
import { panelLoginText, type PanelLogin } from '@horde/protocol';
import { Operators } from '@horde/panel-server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { loginBody, nonceOf, postJson } from '../testing/user.ts';

const [operator, reader, stranger] = [Keypair.generate(), Keypair.generate(), Keypair.generate()];
const panelHotkeys = [`${operator.address}:operate`, `${reader.address}:read`];
const elsewhere = { host: 'panel.example', 'x-forwarded-proto': 'https' };
let facilitator: RunningFacilitator;
const query = <T>(sql: string) => facilitator.database.manager.query<T[]>(sql);

beforeAll(async () => {
  facilitator = await startFacilitator([], { panelHotkeys, panelOrigins: ['https://panel.example'] });
});
afterAll(() => facilitator.stop());
beforeEach(() => query('delete from login_delay'));

async function ask(path: string, headers: Record<string, string> = {}, form?: Record<string, string>) {
  const type = form ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
  const outgoing = request(`${facilitator.url}/admin/${path}`, {
    method: form ? 'POST' : 'GET',
    headers: { ...type, ...headers },
  });
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing
      .once('response', resolve)
      .once('error', reject)
      .end(form && new URLSearchParams(form).toString());
  });
  return { status: incoming.statusCode!, headers: incoming.headers, body: await text(incoming) };
}

const newNonce = () => randomBytes(32).toString('base64url');

/** What `horde panel login` sends. @param signed what is signed instead of that */
function signedBy(key: Keypair, more: Partial<PanelLogin> = {}, signed?: string): Record<string, string> {
  const login = {
    hotkey: key.address,
    origin: facilitator.url,
    service: 'facilitator',
    nonce: newNonce(),
    at: Date.now(),
    ...more,
  };
  return { ...login, at: String(login.at), signature: key.signHex(signed ?? panelLoginText(login)) };
}

async function codeOf(key: Keypair): Promise<string> {
  const answer = await ask('login/hotkey/code', {}, signedBy(key));
  expect(answer.status).toBe(201);
  return (JSON.parse(answer.body) as { code: string }).code;
}

const enter = (code: string, headers: Record<string, string> = {}) => ask('login/hotkey/', headers, { code });
const cookieOf = ({ headers }: { headers: IncomingMessage['headers'] }) =>
  headers['set-cookie']!.at(-1)!.split(';')[0]!;

describe('a hotkey of PANEL_HOTKEYS', () => {
  it('is let in by its signature, once, with the role that the setting gives it, under its own name', async () => {
    const code = await codeOf(reader);
    const entered = await enter(code);
    expect(entered).toMatchObject({ status: 303, headers: { location: '/admin/' } });
    const cookie = cookieOf(entered);
    const session = JSON.parse((await ask('api/session', { cookie })).body) as Record<string, string>;
    expect(session).toMatchObject({ name: reader.address, role: 'read' });
    expect((await ask('password/', { cookie })).headers.location).toBe('/admin/');
    expect((await enter(code)).status).toBe(403);
    const [row] = await query<{ hash: Buffer | null }>('select code_hash as hash from hotkey_login');
    expect(row!.hash).toBeNull();
    expect(JSON.stringify(facilitator.log)).not.toContain(code);
  });

  it('changes what its role lets it, and the record names it', async () => {
    for (const [key, status] of [
      [reader, 403],
      [operator, 200],
    ] as const) {
      const cookie = cookieOf(await enter(await codeOf(key)));
      const { request_token } = JSON.parse((await ask('api/session', { cookie })).body) as {
        request_token: string;
      };
      const changed = await fetch(`${facilitator.url}/admin/api/whitelist/${stranger.address}`, {
        method: 'PUT',
        headers: { cookie, 'x-request-token': request_token, 'content-type': 'application/json' },
        body: '{}',
      });
      expect(changed.status).toBe(status);
    }
    const entries = await query<{ operator: string }>(
      'select operator from audit_entry where operator is not null',
    );
    expect(entries).toEqual([{ operator: operator.address }]);
  });

  it('is let in over TLS at an origin of PANEL_ORIGINS, and at no other, and never in the clear', async () => {
    const at = (origin: string, headers: Record<string, string>) =>
      ask('login/hotkey/code', headers, signedBy(operator, { origin }));
    expect((await at('https://panel.example', elsewhere)).status).toBe(201);
    const refused = await at('https://evil.example', { ...elsewhere, host: 'evil.example' });
    expect(refused).toMatchObject({ status: 403, body: expect.stringContaining('PANEL_ORIGINS') });
    expect((await at('http://panel.example', { host: 'panel.example' })).status).toBe(403);
    expect((await at('https://panel.example', {})).status).toBe(403);
  });

  it('that the setting names no longer is out at once', async () => {
    const cookie = cookieOf(await enter(await codeOf(reader)));
    await query(
      `update operator_session set hotkey = '${stranger.address}' where hotkey = '${reader.address}'`,
    );
    expect((await ask('api/session', { cookie })).status).toBe(401);
  });
});

describe('a signature', () => {
  it('counts for a minute and once, for this service, and only of a hotkey that is named', async () => {
    const code = (form: Record<string, string>) => ask('login/hotkey/code', {}, form);
    const used = signedBy(operator);
    expect((await code(used)).status).toBe(201);
    const forged = { ...signedBy(stranger), hotkey: operator.address };
    const wrong: [string, Record<string, string>][] = [
      ['has been used', used],
      ['s before or after', signedBy(operator, { at: Date.now() - 61_000 })],
      ['s before or after', signedBy(operator, { at: Date.now() + 600_000 })],
      ['NaN s before or after', { ...signedBy(operator), at: 'now' }],
      ['the panel of the facilitator', signedBy(operator, { service: 'validator' })],
      ['no signature of a hotkey of PANEL_HOTKEYS', signedBy(stranger)],
      ['no signature of a hotkey of PANEL_HOTKEYS', forged],
      ['no signature of a hotkey of PANEL_HOTKEYS', { ...signedBy(operator), signature: '0x' }],
      ['The nonce is not', signedBy(operator, { nonce: 'x' })],
    ];
    for (const [why, form] of wrong) {
      await query('delete from login_delay');
      const answer = await code(form);
      expect([answer.status, answer.body]).toEqual([403, expect.stringContaining(why)]);
    }
  });

  it('of a login at the facilitator, of a request or of a receipt lets nobody into the panel, nor the other way round', async () => {
    const nonce = await nonceOf(facilitator.url);
    const forLogin = signedBy(operator, {}, nonce);
    expect((await ask('login/hotkey/code', {}, forLogin)).status).toBe(403);
    await facilitator.allow(operator.address);
    const login = { hotkey: operator.address, origin: facilitator.url, service: 'facilitator', nonce, at: 1 };
    const body = {
      ...loginBody(operator, nonce),
      signature: operator.signHex(panelLoginText(login)).slice(2),
    };
    expect((await postJson(`${facilitator.url}/auth/login`, body)).status).not.toBe(200);
    const asNonce = { ...body, nonce: panelLoginText(login) };
    expect((await postJson(`${facilitator.url}/auth/login`, asNonce)).status).not.toBe(200);
    // A request is signed as 64 bytes, messages and receipts as JSON.
    expect(Buffer.from(panelLoginText(login)).length).toBeGreaterThan(64);
  });
});

describe('a code', () => {
  it('counts for a minute', async () => {
    const code = await codeOf(operator);
    await query(`update hotkey_login set signed_at = signed_at - interval '61 seconds'`);
    expect(await enter(code)).toMatchObject({ status: 403, body: expect.stringContaining('role="alert"') });
  });

  it('of a page of another site, or guessed again and again, lets nobody in', async () => {
    const code = await codeOf(operator);
    expect((await enter(code, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await enter(code, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    for (let attempt = 1; attempt <= 4; attempt++) expect((await enter('x')).status).toBe(403);
    expect((await enter(code)).status).toBe(429);
  });
});

it('no hotkey logs in where PANEL_HOTKEYS names none, and no account is named like one', async () => {
  const bare = await startFacilitator([]);
  const answer = await fetch(`${bare.url}/admin/login/hotkey/service`);
  expect([answer.status, await answer.text()]).toEqual([
    403,
    expect.stringContaining('PANEL_HOTKEYS names none'),
  ]);
  const made = bare.app
    .get(Operators, { strict: false })
    .create({ name: operator.address, role: 'read', password: 'correct horse battery' }, null);
  await expect(made).rejects.toThrow('The name of an account');
  await bare.stop();
});
