import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serve, serveBytes } from '@horde/testing/web-server';
import { makeOutput, multi, post, put, upload, uploadFailure, zipPut } from '../testing/uploads.ts';

describe('uploads that fail', () => {
  it('gives up after three tries, naming the URL without its secrets', async () => {
    const server = await serve((_request, response) => response.writeHead(403).end());
    const failed = upload(put(`${server.url}/b?sig=secret`, 'f'), makeOutput({ f: 'x' }));
    const message = `^Uploading "f" to ${server.url}/b failed: the answer was HTTP 403\\.$`;
    await expect(failed).rejects.toEqual(uploadFailure('UPLOAD_NOT_ACCEPTED', new RegExp(message)));
    expect(server.received).toHaveLength(3);
  });

  it('repeats the beginning of what the storage says, in one line, without the query that it echoes', async () => {
    const server = await serve(({ url }, response) => {
      const said = `<?xml version="1.0"?>\r\n<Error>\u0000\u001b[31m<Code>AccessDenied</Code>\t<Path>${url}</Path>`;
      response.writeHead(403).end(said + 'ż'.repeat(1000));
    });
    const failed = upload(zipPut(`${server.url}/b?sig=secret&x=1`), makeOutput());
    const error = await failed.catch((thrown: Error) => thrown);
    const said = '<?xml version="1.0"?> <Error> [31m<Code>AccessDenied</Code> <Path>/b</Path>';
    expect((error as Error).message).toBe(
      `Uploading "output.zip" to ${server.url}/b failed: the answer was HTTP 403: ${said}${'ż'.repeat(300 - said.length)}.`,
    );
  });

  it('says the status of a refusal that has no end', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(500);
      const more = () => void (response.destroyed || response.write(Buffer.alloc(100_000, 'a'), more));
      more();
    });
    await expect(upload(put(server.url, 'f'), makeOutput({ f: 'x' }))).rejects.toEqual(
      uploadFailure('UPLOAD_NOT_ACCEPTED', /HTTP 500: a{300}\.$/),
    );
  });

  it('tries again when the connection is lost', async () => {
    let tries = 0;
    const server = await serve((_request, response) => {
      if (++tries < 3) response.destroy();
      else response.end('at last');
    });
    const results = await upload(put(server.url, 'f'), makeOutput({ f: 'x' }));
    expect(results.get('f')).toContain('at last');
  });

  it('stops reading an answer that has no end, and is done: what was sent is stored', async () => {
    const server = await serve((_request, response) => {
      const more = () => void (response.destroyed || response.write(Buffer.alloc(1_000_000, 'a'), more));
      more();
    });
    const results = await upload(put(server.url, 'f'), makeOutput({ f: 'x' }));
    expect((JSON.parse(results.get('f')!) as { body: string }).body).toHaveLength(10 * 1024 * 1024);
    expect(server.received).toHaveLength(1);
  });

  it('is done where the connection is lost behind the line that says so', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(201, { etag: '"e"', 'content-length': 100 });
      response.write('half', () => response.destroy());
    });
    const results = await upload(put(server.url, 'f'), makeOutput({ f: 'x' }));
    expect(JSON.parse(results.get('f')!)).toMatchObject({ headers: { etag: '"e"' }, body: 'half' });
    expect(server.received).toHaveLength(1);
  });

  it('keeps no more of all answers together than a result can carry', async () => {
    const answer = Buffer.alloc(9 * 1024 * 1024, 'a');
    const server = await serve((_request, response) => void response.end(answer));
    const folder = makeOutput({ a: '' });
    const uploads = Array.from({ length: 12 }, () => put(server.url, 'a'));
    await expect(upload(multi(uploads), folder)).rejects.toEqual(
      uploadFailure(
        'UPLOAD_ANSWERS_TOO_LARGE',
        'The answers to the uploads are together longer than 50 MiB.',
      ),
    );
    expect(server.received.length).toBeLessThan(10);
  });

  it('talks to no address outside the public internet unless allowed', async () => {
    const server = await serve((_request, response) => response.end());
    await expect(
      upload(put(server.url, 'f'), makeOutput({ f: 'x' }), { allowPrivateAddresses: false }),
    ).rejects.toEqual(
      uploadFailure('UPLOAD_ADDRESS_REFUSED', '127.0.0.1 is not an address of the public internet'),
    );
    expect(server.received).toEqual([]);
  });

  it.each(['', '/etc/passwd', '../x', 'a/../x', 'a//b', 'a/', './a', 'a\0', 'a\\b', 'x'.repeat(256)])(
    'refuses the path %j before any request',
    async (relative) => {
      const server = await serve((_request, response) => response.end());
      const uploads = [put(server.url, 'good'), put(server.url, relative)];
      await expect(upload(multi(uploads), makeOutput({ good: 'x' }))).rejects.toEqual(
        uploadFailure('UPLOAD_PATH_REFUSED'),
      );
      expect(server.received).toEqual([]);
    },
  );

  it('ends at an answer that leads to another protocol', async () => {
    const url = await serveBytes(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
    );
    await expect(upload(put(url, 'f'), makeOutput({ f: 'x' }))).rejects.toEqual(
      uploadFailure('UPLOAD_NOT_ACCEPTED', 'the connection ended without an answer.'),
    );
  });

  it.each([
    ['Content-Length', '6', 'it says 6, and there are 5 bytes'],
    ['content-length', 'x', 'it says x, and there are 5 bytes'],
    ['Transfer-Encoding', 'chunked', 'what is uploaded goes as it is, with its length'],
    ['X-Split', 'a\r\nHost: b', 'it is no header of HTTP'],
    ['no name', 'x', 'it is no header of HTTP'],
  ])('sends nothing with the signed header %s: %j', async (name, value, why) => {
    const server = await serve((_request, response) => response.end());
    const failed = upload(put(server.url, 'f', [[name, value]]), makeOutput({ f: 'hello' }));
    await expect(failed).rejects.toEqual(
      uploadFailure('UPLOAD_HEADER_REFUSED', `The signed header "${name}" is refused: ${why}.`),
    );
    expect(server.received).toEqual([]);
  });

  it('says that the job has removed its output', async () => {
    const gone = path.join(makeOutput(), 'gone');
    await expect(upload(zipPut('http://127.0.0.1:1/'), gone)).rejects.toEqual(
      uploadFailure('UPLOAD_FILE_UNREADABLE', 'cannot be uploaded: it does not exist.'),
    );
  });

  it('takes only regular files, through no link, and waits for no FIFO', async () => {
    const folder = makeOutput({ 'folder/file': 'x' });
    symlinkSync('/etc/passwd', path.join(folder, 'link'));
    symlinkSync('/etc', path.join(folder, 'etc'));
    execFileSync('/usr/bin/mkfifo', [path.join(folder, 'pipe')]);
    for (const [relative, reason] of [
      ['link', 'it is a symbolic link'],
      ['etc/passwd', 'a part of its path is not a folder'],
      ['folder', 'it is a folder'],
      ['pipe', 'it is not a regular file'],
      ['missing', 'it does not exist'],
    ] as const) {
      await expect(upload(put('http://127.0.0.1:1/', relative), folder)).rejects.toEqual(
        uploadFailure(
          'UPLOAD_FILE_UNREADABLE',
          new RegExp(`^The output file "${relative}" cannot be uploaded: ${reason}\\.$`),
        ),
      );
    }
  });

  it('stops the other uploads when one has failed', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/bad') response.writeHead(500).end();
      // the others are never answered
    });
    const uploads = [
      put(`${server.url}/bad`, 'f'),
      put(`${server.url}/slow`, 'f'),
      put(`${server.url}/slow`, 'f'),
    ];
    await expect(upload(multi(uploads), makeOutput({ f: 'x' }))).rejects.toEqual(
      uploadFailure('UPLOAD_NOT_ACCEPTED', 'HTTP 500'),
    );
  });

  it('ends with the reason of an abort, at once', async () => {
    const controller = new AbortController();
    const server = await serve(() => controller.abort(new Error('time is over')));
    const { signal } = controller;
    await expect(upload(put(server.url, 'f'), makeOutput({ f: 'x' }), { signal })).rejects.toThrow(
      'time is over',
    );
  });

  it('takes a file of just the limit, and none of a byte more', async () => {
    const server = await serve((_request, response) => response.end());
    const folder = makeOutput({ f: Buffer.alloc(1000) });
    await upload(put(server.url, 'f'), folder, { maxArchiveBytes: 1000 });
    await upload(put(server.url, 'f'), folder, { maxArchiveBytes: 0 });
    await expect(upload(post(server.url, 'f'), folder, { maxArchiveBytes: 999 })).rejects.toEqual(
      uploadFailure(
        'UPLOAD_FILE_TOO_LARGE',
        '"f" has 1000 bytes, and 999 bytes is the most that is uploaded',
      ),
    );
    expect(server.received).toHaveLength(2);
  });

  it('notices a file that is another by the second try, and makes no third', async () => {
    const folder = makeOutput({ f: 'x' });
    const server = await serve((_request, response) => {
      writeFileSync(path.join(folder, 'f'), 'longer');
      response.writeHead(500).end();
    });
    await expect(upload(put(server.url, 'f'), folder)).rejects.toEqual(
      uploadFailure(
        'UPLOAD_FILE_UNREADABLE',
        /^The output file "f" cannot be uploaded: it changed after the job had ended\.$/,
      ),
    );
    expect(server.received).toHaveLength(1);
  });

  it('says what a storage answers before it has read all', async () => {
    const refusing = createServer((connection) => {
      connection.on('error', () => {});
      connection.once('data', () => {
        connection.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n<Code>AccessDenied</Code>');
      });
    }).listen(0, '127.0.0.1');
    await once(refusing, 'listening');
    onTestFinished(() => void refusing.close());
    const { port } = refusing.address() as AddressInfo;
    const folder = makeOutput({ large: '' });
    truncateSync(path.join(folder, 'large'), 1_000_000_000);
    await expect(upload(put(`http://127.0.0.1:${port}/`, 'large'), folder)).rejects.toEqual(
      uploadFailure('UPLOAD_NOT_ACCEPTED', 'HTTP 403: <Code>AccessDenied</Code>'),
    );
  });
});
