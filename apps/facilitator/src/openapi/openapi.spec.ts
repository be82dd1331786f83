import type { Express } from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { operations } from './operations.ts';
import { schemas } from './schemas.ts';

let facilitator: RunningFacilitator;
beforeAll(async () => void (facilitator = await startFacilitator([])));
afterAll(() => facilitator.stop());

/** What the service answers at paths of the API, `get /api/v1/jobs/{uuid}`; methods that are only refused are not in it. */
function routes(): string[] {
  const { stack } = (facilitator.app.getHttpAdapter().getInstance() as Express).router as unknown as {
    stack: { route?: { path: string; methods: Record<string, boolean> } }[];
  };
  return stack.flatMap(({ route }) => {
    const methods = Object.keys(route?.methods ?? {});
    if (!route || methods.length > 1 || methods[0] === '_all') return [];
    if (!/^\/(?:api\/v1|auth)\//.test(route.path) || route.path.includes(':any')) return [];
    return [`${methods[0]} ${route.path.replaceAll(/:(\w+)/g, '{$1}')}`];
  });
}

describe('the document of the API', () => {
  it('has each path and method that there is, and no other', () => {
    const documented = operations.map(({ method, path }) => `${method} ${path.replace(/\/$/, '')}`);
    expect(documented.toSorted()).toEqual(routes().toSorted());
  });

  it('names no answer that it does not have', async () => {
    const text = await (await fetch(`${facilitator.url}/api/openapi.json`)).text();
    const named = [...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name!);
    expect(new Set(named)).toEqual(new Set(Object.keys(schemas)));
    expect((JSON.parse(text) as { openapi: string }).openapi).toBe('3.1.0');
  });

  it('is a page, too, with each operation on it, and runs nothing', async () => {
    const response = await fetch(`${facilitator.url}/api/`);
    const page = await response.text();
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    for (const { path, summary } of operations) {
      expect(page).toContain(path);
      expect(page).toContain(summary);
    }
    expect(page).not.toMatch(/<script/);
  });
});
