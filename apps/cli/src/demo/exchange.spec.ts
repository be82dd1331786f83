import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Exchange } from './exchange.ts';

let exchange: Exchange;
let folder: string;
beforeEach(async () => {
  exchange = await Exchange.open();
  folder = await mkdtemp(path.join(tmpdir(), 'horde-exchange-'));
});
afterEach(async () => {
  exchange.close();
  await rm(folder, { recursive: true });
});

describe('a one-time URL', () => {
  it('serves its file once, and then says that it is gone', async () => {
    await writeFile(path.join(folder, 'f'), 'contents');
    const url = exchange.offer(path.join(folder, 'f'), 'application/zip');
    const first = await fetch(url);
    expect([first.status, first.headers.get('content-length'), await first.text()]).toEqual([
      200,
      '8',
      'contents',
    ]);
    // Until the last byte is known to have left, the URL answers that it is busy.
    await expect.poll(async () => (await fetch(url)).status).toBe(410);
  });

  it('serves again after a transfer that broke off', async () => {
    await writeFile(path.join(folder, 'f'), Buffer.alloc(20_000_000));
    const url = exchange.offer(path.join(folder, 'f'), 'application/zip');
    const broken = new AbortController();
    const response = await fetch(url, { signal: broken.signal });
    await response.body!.getReader().read();
    broken.abort();
    let again = await fetch(url);
    for (; again.status === 409; again = await fetch(url)) await again.text();
    expect((await again.arrayBuffer()).byteLength).toBe(20_000_000);
  });

  it('takes one upload, and hands it over', async () => {
    const { url, received } = exchange.expect();
    expect((await fetch(url)).status).toBe(405);
    expect((await fetch(url, { method: 'PUT', body: 'the report' })).status).toBe(200);
    expect((await received).toString()).toBe('the report');
    expect((await fetch(url, { method: 'PUT', body: 'another' })).status).toBe(410);
  });

  it('cannot be guessed', async () => {
    expect((await fetch(new URL('/report.json', exchange.expect().url))).status).toBe(404);
  });
});
