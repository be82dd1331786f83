import { createServer } from 'node:http';
import { once } from 'node:events';
import { truncateSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serve } from '@horde/testing/web-server';
import { makeOutput, multi, post, put, upload, zipPost } from '../testing/uploads.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
/** What is in buffers and in use: garbage of a process that does much else is not. @unit bytes */
function held(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}
/** After how much that has come. @unit bytes */
const lookEvery = 20_000_000;

describe('uploading what a job left', () => {
  it('uploads nothing where nothing is asked for', async () => {
    expect(await upload(null, '/nowhere')).toEqual(new Map());
  });

  it('puts a file as it is, with the signed headers, and gives back the answer as Python would write it', async () => {
    const server = await serve((_request, response) => {
      response.sendDate = false;
      response.writeHead(200, { ETag: '"e"', 'X-Two': ['1', '2'], Connection: 'close', 'Content-Length': 9 });
      response.end('stored ü\u007f'.slice(0, 8));
    });
    const contents = Buffer.from([0, 1, 2, 255, 13, 10]);
    const folder = makeOutput({ 'deep/r.bin': contents });
    const results = await upload(
      put(`${server.url}/b/r.bin?sig=1`, 'deep/r.bin', [['X-Signed', 'yes']]),
      folder,
    );
    const [request] = server.received;
    expect(request).toMatchObject({ method: 'PUT', url: '/b/r.bin?sig=1', body: contents });
    expect(request!.headers).toMatchObject({ 'content-length': '6', 'x-signed': 'yes' });
    expect(request!.headers).not.toHaveProperty('content-type');
    expect(request!.headers).not.toHaveProperty('transfer-encoding');
    expect([...results.keys()]).toEqual(['deep/r.bin']);
    expect(results.get('deep/r.bin')).toBe(
      '{"headers": {"etag": "\\"e\\"", "x-two": "1, 2", "connection": "close", "content-length": "9"}, "body": "stored \\u00fc"}',
    );
  });

  it('puts an empty file', async () => {
    const server = await serve((_request, response) => response.end());
    await upload(put(server.url, 'empty'), makeOutput({ empty: '' }));
    expect(server.received[0]!.headers['content-length']).toBe('0');
  });

  it('posts a form with its fields first and the file last', async () => {
    const server = await serve((_request, response) => response.writeHead(204).end());
    const folder = makeOutput({ 'a/odd "name".json': '{"x":1}' });
    await upload(
      post(server.url, 'a/odd "name".json', [
        ['key', 'ŻÓŁW'],
        ['a"b', '2'],
      ]),
      folder,
    );
    const { headers, body, method } = server.received[0]!;
    expect(method).toBe('POST');
    expect(headers['content-length']).toBe(String(body.length));
    const boundary = /^multipart\/form-data; boundary=(\w+)$/.exec(headers['content-type']!)![1];
    expect(body.toString()).toBe(
      [
        `--${boundary}`,
        'Content-Disposition: form-data; name="key"',
        '',
        'ŻÓŁW',
        `--${boundary}`,
        'Content-Disposition: form-data; name="a%22b"',
        '',
        '2',
        `--${boundary}`,
        'Content-Disposition: form-data; name="file"; filename="odd %22name%22.json"',
        'Content-Type: application/json',
        '',
        '{"x":1}',
        `--${boundary}--`,
        '',
      ].join('\r\n'),
    );
    const form = await new Response(body, {
      headers: { 'content-type': headers['content-type']! },
    }).formData();
    expect(await (form.get('file') as File).text()).toBe('{"x":1}');
  });

  it('sends a large file whole, again from its start after a failure', async () => {
    let tries = 0;
    const server = await serve((_request, response) => response.writeHead(++tries < 3 ? 500 : 200).end());
    const contents = Buffer.alloc(3_000_000, 'abcdefg');
    await upload(put(server.url, 'large'), makeOutput({ large: contents }));
    expect(server.received.map(({ body }) => body.equals(contents))).toEqual([true, true, true]);
  });

  it('uploads each file of a multi-upload', async () => {
    const server = await serve((request, response) => response.end(request.body));
    const names = ['1', '2', '3', '4', '5'];
    const folder = makeOutput(Object.fromEntries(names.map((name) => [name, `file ${name}`])));
    const uploads = names.map((name) => (name === '3' ? post(server.url, name) : put(server.url, name)));
    const results = await upload(multi(uploads), folder);
    expect([...results.keys()]).toEqual(names);
    expect(JSON.parse(results.get('5')!).body).toBe('file 5');
  });

  it('has no more than three uploads under way at once', async () => {
    const answers: (() => void)[] = [];
    const server = await serve((_request, response) => void answers.push(() => response.end()));
    const names = ['1', '2', '3', '4', '5', '6'];
    const folder = makeOutput(Object.fromEntries(names.map((name) => [name, name])));
    const done = upload(multi(names.map((name) => put(server.url, name))), folder);
    for (let left = names.length; left > 0; left--) {
      await expect.poll(() => answers.length).toBe(Math.min(3, left));
      answers.shift()!();
    }
    expect([...(await done).keys()]).toEqual(names);
  });

  it('takes whatever storage there is for several files, links and folders beside them', async () => {
    const server = await serve((_request, response) => response.end());
    const folder = makeOutput({ 'a/b/c': 'x' });
    await upload(multi([put(`${server.url}/1`, 'a/b/c'), put(`${server.url}/2`, 'a/b/c')]), folder);
    expect(server.received.map(({ url }) => url).sort()).toEqual(['/1', '/2']);
  });

  it('holds little of a large upload in memory', async () => {
    let most = 0;
    let received = 0;
    const server = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => {
        const before = received;
        received += chunk.length;
        if (Math.floor(before / lookEvery) < Math.floor(received / lookEvery)) most = Math.max(most, held());
      });
      request.on('end', () => response.end());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const folder = makeOutput({ large: '' });
    truncateSync(path.join(folder, 'large'), 150_000_000);
    const before = held();
    await upload(zipPost(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`), folder);
    expect(received).toBeGreaterThan(150_000_000);
    expect(most - before).toBeLessThan(75_000_000);
  });
});
