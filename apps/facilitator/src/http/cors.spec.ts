import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { ask } from '../testing/user.ts';

let facilitator: RunningFacilitator;
beforeAll(async () => {
  facilitator = await startFacilitator([], {
    corsAllowedOrigins: ['https://panel.example'],
    corsAllowedOriginRegexes: ['https://[a-z]+\\.users\\.example'],
  });
});
afterAll(() => facilitator.stop());

const preflight = (origin: string, url = facilitator.url) =>
  ask(`${url}/api/v1/job-docker/`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    },
  });

describe('a page of an origin that is allowed', () => {
  it.each(['https://panel.example', 'https://me.users.example'])(
    'such as %s hears from a preflight what it may send',
    async (origin) => {
      const { status, text, headers } = await preflight(origin);
      expect([status, text]).toEqual([204, '']);
      expect(headers.get('access-control-allow-origin')).toBe(origin);
      expect(headers.get('access-control-allow-methods')).toContain('POST');
      for (const name of ['authorization', 'x-ch-signature', 'idempotency-key'])
        expect(headers.get('access-control-allow-headers')!.split(',')).toContain(name);
      expect(headers.get('access-control-allow-credentials')).toBeNull();
      expect(headers.get('vary')).toContain('Origin');
    },
  );

  it('reads refusals, too', async () => {
    const { status, headers } = await ask(`${facilitator.url}/api/v1/jobs/`, {
      headers: { origin: 'https://panel.example' },
    });
    expect(status).toBe(401);
    expect(headers.get('access-control-allow-origin')).toBe('https://panel.example');
    expect(headers.get('access-control-expose-headers')).toContain('Retry-After');
  });
});

it.each(['https://other.example', 'https://me.users.example.evil.example', 'http://panel.example', 'null'])(
  'a page of %s reads nothing',
  async (origin) => {
    expect((await preflight(origin)).headers.get('access-control-allow-origin')).toBeNull();
  },
);

it('an OPTIONS that is no preflight says what the path takes', async () => {
  const { status, json } = await ask(`${facilitator.url}/api/v1/jobs/`, {
    method: 'OPTIONS',
    headers: { origin: 'https://panel.example' },
  });
  expect([status, json.name]).toEqual([200, 'Job List']);
});

it('with CORS_ALLOW_ALL_ORIGINS any page may, and without CORS_ENABLED none', async () => {
  const open = await startFacilitator([], { corsAllowAllOrigins: true });
  expect((await preflight('https://any.example', open.url)).headers.get('access-control-allow-origin')).toBe(
    '*',
  );
  await open.stop();
  const closed = await startFacilitator([], { corsAllowAllOrigins: true, corsEnabled: false });
  const { status, headers } = await preflight('https://any.example', closed.url);
  expect([status, headers.get('access-control-allow-origin')]).toEqual([200, null]);
  await closed.stop();
});
