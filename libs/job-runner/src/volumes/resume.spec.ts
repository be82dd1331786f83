import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { serve, type Received } from '@horde/testing/web-server';
import { failing, fill, single } from '../testing/volumes.ts';

// More than the kernel's buffers hold: when the first part has been sent, some of it has been stored.
const contents = Buffer.alloc(20_000_000, Buffer.from(Array.from({ length: 251 }, (_, index) => index)));
const partSize = 16_000_000;

type Answer = (response: ServerResponse, request: Received) => void;

/** Sends the first part and cuts the connection. */
const cutOff =
  (headers: Record<string, string> = { etag: '"one"' }): Answer =>
  (response) => {
    response.writeHead(200, { 'content-length': contents.length, ...headers });
    response.write(contents.subarray(0, partSize), () => setImmediate(() => response.destroy()));
  };

const rangeOf = (request: Received) => Number(/^bytes=(\d+)-$/.exec(request.headers.range!)![1]);

/** Sends what is asked for, as a 206. */
const rest =
  (headers: Record<string, string> = { etag: '"one"' }, total = contents.length): Answer =>
  (response, request) => {
    const from = rangeOf(request);
    const range = `bytes ${from}-${contents.length - 1}/${total}`;
    response.writeHead(206, { 'content-range': range, ...headers }).end(contents.subarray(from));
  };

const whole =
  (body: Buffer = contents): Answer =>
  (response) =>
    response.writeHead(200, { 'content-length': body.length, etag: '"two"' }).end(body);

const status =
  (code: number): Answer =>
  (response) =>
    response.writeHead(code).end();

/** Fills a volume from a server that gives these answers, one after the other. */
async function fetchFrom(...answers: Answer[]) {
  const server = await serve((request, response) => answers.shift()!(response, request));
  const filled = await fill(single(server.url), { maxBytes: 0 });
  const stored = () => readFileSync(path.join(filled.folder, 'file'));
  const asked = server.received.map(({ headers }) => [headers.range !== undefined, headers['if-range']]);
  return { done: filled.done, stored, asked, server };
}

const fresh = [false, undefined];

describe('a download that broke off', () => {
  it('asks for the rest of the same file', async () => {
    const { done, stored, asked, server } = await fetchFrom(cutOff(), rest());
    await done;
    expect(stored().equals(contents)).toBe(true);
    expect(asked).toEqual([fresh, [true, '"one"']]);
    expect(rangeOf(server.received[1]!)).toBeGreaterThan(0);
  });

  it('goes on from the rest when that breaks off too', async () => {
    const cutRest: Answer = (response, request) => {
      const from = rangeOf(request);
      response.writeHead(206, {
        'content-range': `bytes ${from}-${contents.length - 1}/${contents.length}`,
        'content-length': contents.length - from,
      });
      response.write(contents.subarray(from, from + 50_000), () => setImmediate(() => response.destroy()));
    };
    const { done, stored, server } = await fetchFrom(cutOff(), cutRest, rest());
    await done;
    expect(stored().equals(contents)).toBe(true);
    expect(rangeOf(server.received[2]!)).toBeGreaterThanOrEqual(rangeOf(server.received[1]!));
  });

  it('keeps what it has through an answer of 503', async () => {
    const { done, stored, asked } = await fetchFrom(cutOff(), status(503), rest());
    await done;
    expect(stored().equals(contents)).toBe(true);
    expect(asked).toEqual([fresh, [true, '"one"'], [true, '"one"']]);
  });

  it('asks without If-Range where the ETag is weak, and compares what else it knows', async () => {
    const weak = { etag: 'W/"one"', 'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT' };
    const { done, stored, asked } = await fetchFrom(cutOff(weak), rest(weak));
    await done;
    expect(stored().equals(contents)).toBe(true);
    expect(asked).toEqual([fresh, [true, undefined]]);
  });

  it.each([
    ['it does not know ranges or the file changed', [whole(Buffer.from('new'))], 'new'],
    ['the range is refused', [status(416), whole(Buffer.from('shorter'))], 'shorter'],
    ['the rest has another ETag', [rest({ etag: '"two"' }), whole()], contents],
    ['the rest is of another date', [rest({ 'last-modified': 'now' }), whole()], contents],
    ['the rest is of a file of another size', [rest({}, 999_999), whole()], contents],
    ['the rest is compressed', [rest({ 'content-encoding': 'gzip' }), whole()], contents],
    [
      'the rest is another part',
      [
        (response) =>
          response.writeHead(206, { 'content-range': `bytes 7-9/${contents.length}` }).end('abc') as never,
        whole(),
      ],
      contents,
    ],
    ['no part is named', [(response) => response.writeHead(206).end('abc') as never, whole()], contents],
  ] as [string, Answer[], Buffer | string][])(
    'starts anew in the same try, where %s',
    async (_what, answers, expected) => {
      const headers = { etag: '"one"', 'last-modified': 'then' };
      const { done, stored, asked } = await fetchFrom(cutOff(headers), ...answers);
      await done;
      expect(stored().equals(Buffer.from(expected as Buffer))).toBe(true);
      expect(asked).toEqual([fresh, [true, '"one"'], fresh].slice(0, answers.length + 1));
    },
  );

  it('starts anew where nothing tells whether the rest is of the same file', async () => {
    const anonymous: Answer = (response) =>
      response.write(contents.subarray(0, partSize), () => setImmediate(() => response.destroy()));
    const { done, stored, asked } = await fetchFrom(anonymous, whole());
    await done;
    expect(stored().equals(contents)).toBe(true);
    expect(asked).toEqual([fresh, fresh]);
  });

  it('does not ask for ranges without end', async () => {
    const { done, server } = await fetchFrom(cutOff(), status(416), status(416));
    await expect(done).rejects.toEqual(failing('VOLUME_NOT_SERVED', 'HTTP 416'));
    expect(server.received).toHaveLength(3);
  });

  it('gives up after three tries', async () => {
    const { done, server } = await fetchFrom(cutOff(), cutOff(), cutOff());
    await expect(done).rejects.toEqual(failing('VOLUME_UNREACHABLE', 'the connection was lost'));
    expect(server.received).toHaveLength(3);
  });

  it('counts what it holds, not what it fetched', async () => {
    const answers = [cutOff(), cutOff({ etag: '"two"' }), whole()];
    const server = await serve((request, response) => answers.shift()!(response, request));
    await (
      await fill(single(server.url), { maxBytes: contents.length })
    ).done;
  });
});
