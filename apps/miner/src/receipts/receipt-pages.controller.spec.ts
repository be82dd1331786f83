import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { pageAt, Pages, PageStore, pageTime } from '@horde/receipts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerConfig } from '../dynamic-config/miner-config.ts';
import { MinerUnderTest } from '../testing/miner.ts';

const text = 'first line\nsecond line\n';
/** Recent pages: the current one, one that has an archive, and one without a whole line. */
const current = pageAt(Date.now());
const archived = current - 10;
const torn = current - 20;
let folder: string;
let miner: MinerUnderTest;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'horde-served-pages-'));
  const pages = new Pages(folder);
  for (const page of [archived, current]) {
    const store = (await PageStore.open(pages, { now: () => page * pageTime }))!;
    await store.append('first line');
    await store.append('second line');
    await store.close();
  }
  expect(await pages.archive()).toBe(1);
  await writeFile(pages.file(torn), 'half a li');
  miner = await MinerUnderTest.start(new RecordingManager(), { receiptsRoot: folder, receiptTransfer: true });
  await appendFile(pages.file(current), 'half of a third li');
});
afterAll(async () => {
  await miner.close();
  await rm(folder, { recursive: true });
});

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

/** Without what fetch would do by itself: its paths, its Accept-Encoding and its inflating. */
const get = (target: string, headers: http.OutgoingHttpHeaders = {}, method = 'GET') =>
  new Promise<Answer>((resolve, reject) => {
    const { hostname, port } = new URL(miner.url);
    const request = http.request({ hostname, port, path: target, headers, method }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const { statusCode: status = 0, headers: told } = response;
        resolve({ status, headers: told, body: Buffer.concat(chunks) });
      });
    });
    request.on('error', reject).end();
  });
const page = (headers?: http.OutgoingHttpHeaders, method?: string) =>
  get(`/receipts/${current}.jsonl`, headers, method);

describe('a page', () => {
  it('is shown as far as its lines are whole', async () => {
    const { status, headers, body } = await page();
    expect([status, body.toString()]).toEqual([200, text]);
    expect(headers).toMatchObject({
      'content-length': '23',
      'accept-ranges': 'bytes',
      vary: 'Accept-Encoding',
    });
    expect(headers['content-encoding']).toBeUndefined();
    expect(headers['last-modified']).toMatch(/GMT$/);
  });

  it.each([
    ['bytes=11-', 'second line\n', 'bytes 11-22/23'],
    ['bytes=0-4', 'first', 'bytes 0-4/23'],
    ['bytes=6-100', 'line\nsecond line\n', 'bytes 6-22/23'],
    ['bytes=-5', 'line\n', 'bytes 18-22/23'],
  ])('is shown in part: %s', async (range, part, told) => {
    // As ComputeHorde's validators ask for what is new.
    const { status, headers, body } = await page({ range, 'accept-encoding': '' });
    expect([status, body.toString(), headers['content-range']]).toEqual([206, part, told]);
    expect(headers['content-length']).toBe(String(part.length));
  });

  it.each(['bytes=23-', 'bytes=40-50', 'bytes=-0'])('has nothing at %s', async (range) => {
    const { status, headers, body } = await page({ range });
    expect([status, headers['content-range'], body.length]).toEqual([416, 'bytes */23', 0]);
  });

  it.each(['lines=1-2', 'bytes=a-b', 'bytes=5-2'])(
    'is shown whole for %s, which asks for nothing',
    async (range) => {
      const { status } = await page({ range });
      expect([200, 416]).toContain(status);
    },
  );

  it('is not sent again to who has it, and in part only to who has the beginning of the same', async () => {
    const { etag } = (await page()).headers;
    expect(etag).toMatch(/^"/);
    expect((await page({ 'if-none-match': etag })).status).toBe(304);
    expect((await page({ 'if-none-match': '"other"' })).status).toBe(200);
    expect((await page({ range: 'bytes=11-', 'if-range': etag })).status).toBe(206);
    expect((await page({ range: 'bytes=11-', 'if-range': '"other"' })).status).toBe(200);
  });

  it('answers HEAD with the same headers and no body', async () => {
    const { status, headers, body } = await page({}, 'HEAD');
    expect([status, headers['content-length'], body.length]).toEqual([200, '23', 0]);
  });

  it('is no page without a whole line', async () => {
    expect((await get(`/receipts/${torn}.jsonl`)).status).toBe(404);
  });
});

describe('a page with an archive', () => {
  it.each(['gzip', 'gzip, deflate, br', '*', 'br;q=0.5, gzip;q=0.2'])(
    'is sent compressed to who accepts %s',
    async (encoding) => {
      const { headers, body } = await get(`/receipts/${archived}.jsonl`, { 'accept-encoding': encoding });
      expect(headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
      expect(headers['content-length']).toBe(String(body.length));
      expect(gunzipSync(body).toString()).toBe(text);
    },
  );

  it.each(['', 'identity', 'gzip;q=0', 'br'])('is sent as it is to who accepts "%s"', async (encoding) => {
    const { headers, body } = await get(`/receipts/${archived}.jsonl`, { 'accept-encoding': encoding });
    expect(headers['content-encoding']).toBeUndefined();
    expect(body.toString()).toBe(text);
  });

  it.each(['', 'gzip'])('is a file of its own, too, to who accepts "%s"', async (encoding) => {
    const { headers, body } = await get(`/receipts/${archived}.jsonl.gz`, { 'accept-encoding': encoding });
    expect(headers).toMatchObject({ 'content-type': 'application/gzip' });
    expect(headers['content-encoding']).toBeUndefined();
    expect(gunzipSync(body).toString()).toBe(text);
  });

  it('has a tag for each of its forms', async () => {
    const tags = await Promise.all(
      ['gzip', ''].map(async (encoding) => {
        const { headers } = await get(`/receipts/${archived}.jsonl`, { 'accept-encoding': encoding });
        return headers.etag;
      }),
    );
    expect(new Set(tags).size).toBe(2);
  });

  it('has nothing beyond its end, and says so without an encoding', async () => {
    const { status, headers } = await get(`/receipts/${archived}.jsonl`, {
      range: 'bytes=9999-',
      'accept-encoding': 'gzip',
    });
    expect([status, headers['content-encoding']]).toEqual([416, undefined]);
  });
});

describe('nothing else is shown', () => {
  it.each([
    '/receipts/',
    '/receipts',
    '/receipts/lock',
    '/receipts/999.jsonl',
    '/receipts/PAGE',
    '/receipts/-PAGE.jsonl',
    '/receipts/PAGE.jsonl.gz',
    '/receipts/PAGEe0.jsonl',
    '/receipts/../package.json',
    '/receipts/..%2f..%2fpackage.json',
    '/receipts/%2e%2e/PAGE.jsonl',
    '/receipts/.%2fPAGE.jsonl',
    '/receipts/PAGE.jsonl%00',
    '/receipts/99999999999999999999.jsonl',
  ])('%s', async (target) => {
    const { status } = await get(target.replace('PAGE', String(current)));
    expect(status).toBe(404);
  });

  it('while the transfer of receipts is off', async () => {
    const config = miner.part(MinerConfig);
    await config.set('DYNAMIC_RECEIPT_TRANSFER_ENABLED', false);
    expect((await page()).status).toBe(404);
    await config.unset('DYNAMIC_RECEIPT_TRANSFER_ENABLED');
    expect((await page()).status).toBe(200);
  });
});
