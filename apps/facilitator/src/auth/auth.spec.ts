import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Keypair } from '@horde/identity';
import { SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { ask, loginBody, nonceOf, postJson, tokenOf } from '../testing/user.ts';

let facilitator: RunningFacilitator;
let url: string;
beforeAll(async () => {
  facilitator = await startFacilitator([]);
  url = facilitator.url;
});
afterEach(() => vi.useRealTimers());
afterAll(() => facilitator.stop());

const login = (body: unknown, headers = {}) => postJson(`${url}/auth/login`, body, headers);
const jobs = (authorization?: string) =>
  ask(`${url}/api/v1/jobs/`, { headers: authorization === undefined ? {} : { authorization } });

describe('a login', () => {
  it('with a signed nonce gives a token for the API', async () => {
    const { status, json } = await login(loginBody(facilitator.user, await nonceOf(url)));
    expect(status).toBe(200);
    const claims = JSON.parse(
      Buffer.from((json.token as string).split('.')[1]!, 'base64url').toString(),
    ) as Record<string, number>;
    expect(claims).toEqual({
      sub: facilitator.user.address,
      iat: expect.any(Number),
      exp: claims['iat']! + 3600,
    });
    expect((await jobs(`bEARER ${json.token}`)).json).toEqual({
      count: 0,
      next: null,
      previous: null,
      results: [],
    });
  });

  it('uses its nonce up', async () => {
    const nonce = await nonceOf(url);
    expect((await login(loginBody(facilitator.user, nonce))).status).toBe(200);
    expect(await login(loginBody(facilitator.user, nonce))).toMatchObject({
      status: 400,
      json: { error: 'Invalid nonce' },
    });
  });

  it('of two at once with the same nonce succeeds once', async () => {
    const nonce = await nonceOf(url);
    const both = await Promise.all([1, 2].map(() => login(loginBody(facilitator.user, nonce))));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 400]);
  });

  it.each<[string, object, number, object]>([
    ['without a hotkey', { hotkey: '' }, 400, { error: 'Missing hotkey' }],
    ['without a signature', { signature: null }, 400, { error: 'Missing signature' }],
    ['without a nonce', { nonce: 0 }, 400, { error: 'Missing nonce' }],
    [
      'with a nonce of its own making',
      { nonce: `${'0'.repeat(32)}:abc:${'A'.repeat(43)}` },
      400,
      { error: 'Invalid nonce' },
    ],
    [
      'with 0x before the signature',
      { signature: `0x${'0'.repeat(128)}` },
      400,
      { error: 'Nonce expired or not found' },
    ],
    ['with a hotkey that is none', { hotkey: 'x' }, 400, { error: 'Nonce expired or not found' }],
    ['with numbers', { hotkey: 1 }, 400, { error: 'Nonce expired or not found' }],
    ['with a wrong signature', { signature: '0'.repeat(128) }, 401, { error: 'Invalid signature' }],
  ])('%s is refused', async (_name, more, status, json) => {
    expect(await login(loginBody(facilitator.user, await nonceOf(url), more))).toMatchObject({
      status,
      json,
    });
  });

  it('of a hotkey that is not whitelisted is refused, and says what to do there and once in the log', async () => {
    const stranger = Keypair.generate();
    const remedy = `whitelist_hotkey ${stranger.address}`;
    for (let times = 0; times < 3; times++) {
      expect(await login(loginBody(stranger, await nonceOf(url)))).toMatchObject({
        status: 400,
        json: { error: 'Hotkey not allowed', details: expect.stringContaining(remedy) },
      });
    }
    expect(facilitator.log.filter(({ hotkey }) => hotkey === stranger.address)).toMatchObject([
      {
        level: 'warn',
        msg: 'a login was refused: Hotkey not allowed',
        remedy: expect.stringContaining(remedy),
      },
    ]);
  });

  it.each<[string, (body: string) => RequestInit]>([
    ['that says so', (body) => ({ body })],
    ['that does not say so', (body) => ({ body: new Blob([body]).stream(), duplex: 'half' })],
  ])('with more than 4 kB is refused before it is read as JSON, by a sender %s', async (_who, sent) => {
    const answer = await ask(`${url}/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      ...sent(JSON.stringify({ hotkey: 'x'.repeat(4_096) })),
    });
    expect(answer).toMatchObject({ status: 400, json: { detail: 'The body is larger than 4096 bytes.' } });
  });

  it('of gigabytes is refused without being read', async () => {
    const request = httpRequest(`${url}/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': '4000000000' },
    });
    request.write('{');
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(400);
    request.destroy();
  });

  it('is counted by the address that a trusted proxy names', async () => {
    const { url: databaseUrl } = facilitator.database.dataSource.options as { url: string };
    const limited = await startFacilitator([], { databaseUrl, maxLoginsPerAddress: 1 });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() }); // the minute does not end
    const from = (address: string) => postJson(`${limited.url}/auth/login`, {}, { 'x-real-ip': address });
    const answers = [await from('192.0.2.1'), await from('192.0.2.2'), await from('192.0.2.1')];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 429]);
    expect(answers[2]!.json.detail).toContain('192.0.2.1');
    await limited.stop();
  });

  it.each<[string, string, number, object]>([
    ['{', 'application/json', 400, { detail: expect.stringMatching(/^JSON parse error - /) }],
    ['[]', 'application/json', 400, { error: 'Missing hotkey' }],
    ['', 'text/plain', 400, { error: 'Missing hotkey' }],
    [
      'a=b',
      'application/x-www-form-urlencoded',
      415,
      { detail: 'Unsupported media type "application/x-www-form-urlencoded" in request.' },
    ],
  ])('with the body %j of type %s is refused', async (body, type, status, json) => {
    expect(await login(body, { 'content-type': type })).toMatchObject({ status, json });
  });
});

it.each<[string, (nonce: string) => string]>([
  [
    'that was made younger',
    (nonce) => nonce.replace(/:.*:/, `:${Math.floor(Date.now() / 1000 + 60).toString(36)}:`),
  ],
  ['with other random digits', (nonce) => nonce.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))],
  ['with more behind it', (nonce) => `${nonce}0`],
])('a nonce %s is refused, however well it is signed', async (_what, forge) => {
  expect(await login(loginBody(facilitator.user, forge(await nonceOf(url))))).toMatchObject({
    status: 400,
    json: { error: 'Invalid nonce' },
  });
});

it('a nonce that is too old is refused', async () => {
  const nonce = await nonceOf(url);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 302_000 });
  const answer = await login(loginBody(facilitator.user, nonce)).finally(() => vi.useRealTimers());
  expect(answer).toMatchObject({ status: 400, json: { error: 'Invalid nonce' } });
});

describe('a request to the API', () => {
  const signed = (secret: string, claims: Record<string, unknown>) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(secret));
  const now = Math.floor(Date.now() / 1000);
  const claims = () => ({ sub: facilitator.user.address, iat: now + 60, exp: now + 3600 });
  const parts = (...json: object[]) =>
    json.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');

  it.each<[string, () => Promise<string> | string | undefined, string]>([
    ['without a token', () => undefined, 'Authentication credentials were not provided.'],
    ['of another scheme', () => 'Basic abc', 'Authentication credentials were not provided.'],
    ['with the bare token', () => 'abc', 'Invalid token header format.'],
    ['with two spaces', () => 'Bearer  abc', 'Invalid token header format.'],
    ['with a word that is no token', () => 'Bearer abc', 'Token decode error.'],
    ['with umlauts', () => 'Bearer \u00e4', 'Invalid token header encoding.'],
    [
      'with a token that has run out',
      async () => `Bearer ${await signed('secret', { sub: 'x', iat: now - 7200, exp: now - 3600 })}`,
      'Token expired.',
    ],
    [
      'with a token for nobody',
      async () => `Bearer ${await signed('secret', { iat: now, exp: now + 60 })}`,
      'Token missing subject.',
    ],
    [
      'with a forged token',
      async () =>
        `Bearer ${await signed('forged', { sub: facilitator.user.address, iat: now + 60, exp: now + 3600 })}`,
      'Token decode error.',
    ],
    ...(
      [
        ['that nobody has signed', { alg: 'none' }, ''],
        ['that says it needs no signature', { alg: 'None', typ: 'JWT' }, 'AAAA'],
      ] as const
    ).map(([what, header, signature]): [string, () => string, string] => [
      `with a token ${what}`,
      () => `Bearer ${parts(header, claims())}.${signature}`,
      'Token decode error.',
    ]),
    [
      'with a token of another algorithm',
      async () => {
        const token = new SignJWT(claims()).setProtectedHeader({ alg: 'HS512' });
        return `Bearer ${await token.sign(Buffer.from('secret'))}`;
      },
      'Token decode error.',
    ],
    [
      'with the signature of another token',
      async () => {
        const own = await signed('secret', { ...claims(), sub: Keypair.generate().address });
        return `Bearer ${parts({ alg: 'HS256' }, claims())}.${own.split('.')[2]}`;
      },
      'Token decode error.',
    ],
    [
      'of a hotkey that is not whitelisted',
      async () =>
        `Bearer ${await signed('secret', { sub: Keypair.generate().address, iat: now, exp: now + 60 })}`,
      'Unauthorized hotkey.',
    ],
  ])('%s is refused with 401', async (_name, authorization, detail) => {
    const answer = await jobs(await authorization());
    expect(answer).toMatchObject({ status: 401, json: { detail } });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('is refused once its hotkey has been taken off the whitelist', async () => {
    const token = await tokenOf(url, facilitator.user);
    await facilitator.database.manager.query('delete from hotkey_whitelist');
    expect((await jobs(`Bearer ${token}`)).json).toEqual({ detail: 'Unauthorized hotkey.' });
    await facilitator.database.manager.query('insert into hotkey_whitelist (ss58_address) values ($1)', [
      facilitator.user.address,
    ]);
    expect((await jobs(`Bearer ${token}`)).status).toBe(200);
  });

  it('with a token from before the secret key was changed hears that it has expired, so that clients log in again', async () => {
    const first = await startFacilitator([]);
    const token = await tokenOf(first.url, first.user);
    await first.stop();
    const databaseUrl = (first.database.dataSource.options as { url: string }).url;
    const second = await startFacilitator([], { databaseUrl, secretKey: 'another secret' });
    const answer = await ask(`${second.url}/api/v1/jobs/`, { headers: { authorization: `Bearer ${token}` } });
    expect(answer).toMatchObject({ status: 401, json: { detail: 'Token expired.' } });
    await second.stop();
  });

  it('with a token from before the secret key was changed counts while the old one is among SECRET_KEY_FALLBACKS', async () => {
    const { url: databaseUrl } = facilitator.database.dataSource.options as { url: string };
    const token = await tokenOf(url, facilitator.user);
    const nonce = await nonceOf(url);
    const settings = { databaseUrl, secretKey: 'new', secretKeyFallbacks: ['older', 'secret'] };
    const rotated = await startFacilitator([], settings);
    const asked = (at: string, bearer: string) =>
      ask(`${at}/api/v1/jobs/`, { headers: { authorization: `Bearer ${bearer}` } });
    expect((await asked(rotated.url, token)).status).toBe(200);
    const late = await postJson(`${rotated.url}/auth/login`, loginBody(facilitator.user, nonce));
    expect(late.status).toBe(200);
    // The new one signs: where only the old one is known, its tokens do not count.
    expect((await asked(url, late.json.token as string)).status).toBe(401);
    expect(
      await asked(rotated.url, await signed('gone', { sub: 'x', iat: now + 60, exp: now + 120 })),
    ).toMatchObject({
      status: 401,
      json: { detail: 'Token decode error.' },
    });
    const over = await signed('gone', { sub: 'x', iat: now - 7200, exp: now - 1 });
    expect((await asked(rotated.url, over)).json).toEqual({ detail: 'Token expired.' });
    await rotated.stop();
  });

  it('that comes after too many of a minute is told when the next one may, and another hotkey is not', async () => {
    const { url: databaseUrl } = facilitator.database.dataSource.options as { url: string };
    const limited = await startFacilitator([], { databaseUrl, maxRequestsPerMinute: 2 });
    const [token, other] = await Promise.all(
      [limited.user, Keypair.generate()].map(({ address }) => limited.allow(address)),
    );
    const list = (bearer?: string) =>
      ask(`${limited.url}/api/v1/jobs/`, { headers: { authorization: `Bearer ${bearer}` } });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() }); // the minute does not end
    const answers = [await list(token), await list(token), await list(token)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[2]!.json.detail).toContain('This hotkey has sent 2 requests in this minute');
    expect(Number(answers[2]!.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await list(other)).status).toBe(200);
    vi.setSystemTime(Date.now() + 60_000);
    expect((await list(token)).status).toBe(200);
    await limited.stop();
  });

  it.each(['/auth/nonce', '/api/v1/jobs/', '/api/v1/job-docker/'])(
    'with another method than those of %s gets 405',
    async (path) => {
      expect(await ask(url + path, { method: 'DELETE' })).toMatchObject({
        status: 405,
        json: { detail: 'Method "DELETE" not allowed.' },
      });
    },
  );
});
