import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { oddAnswers } from '../testing/odd-answers.ts';
import { makeOutput, post, put, upload, uploadFailure } from '../testing/uploads.ts';
import { fill, single } from '../testing/volumes.ts';

/** A server whose whole answer to each request is these bytes, in these pieces. */
async function serveRaw(pieces: string[]): Promise<{ url: string; requests: () => number }> {
  let requests = 0;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', async () => {
      requests++;
      for (const piece of pieces)
        await new Promise((resolve) => socket.write(Buffer.from(piece, 'latin1'), resolve));
      socket.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`, requests: () => requests };
}

describe('a download whose answer has', () => {
  it.each(oddAnswers)('%s', async (_what, answer, expected) => {
    const { url } = await serveRaw([answer]);
    const { done, read } = await fill(single(url), { retryDelays: [] });
    if (expected === null)
      return expect(done).rejects.toEqual(expect.objectContaining({ reason: 'download_failed' }));
    await done;
    expect(read('file')).toBe(expected);
  });

  it.each(oddAnswers.filter(([, , expected]) => expected !== null))(
    '%s, and comes byte by byte',
    async (_what, answer, expected) => {
      const { url } = await serveRaw(answer.length < 1_000 ? [...answer] : [answer]);
      const { done, read } = await fill(single(url), { retryDelays: [] });
      await done;
      expect(read('file')).toBe(expected);
    },
  );
});

describe('an upload whose answer has', () => {
  it.each(oddAnswers)('%s', async (_what, answer, _download, isDone = true) => {
    for (const method of [put, post]) {
      const { url, requests } = await serveRaw([answer]);
      const uploaded = upload(method(url, 'f'), makeOutput({ f: 'x' }));
      if (isDone) expect(await uploaded).toEqual(new Map([['f', expect.any(String)]]));
      else await expect(uploaded).rejects.toEqual(uploadFailure('UPLOAD_NOT_ACCEPTED'));
      expect(requests()).toBe(isDone ? 1 : 3);
    }
  });
});
