import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import { serve } from '../testing/http-server.ts';
import { uploadOutput, type UploadOutputOptions } from './upload-output.ts';

type Upload = NonNullable<Parameters<typeof uploadOutput>[0]>;
type Put = Extract<Upload, { output_upload_type: 'single_file_put' }>;
type Post = Extract<Upload, { output_upload_type: 'single_file_post' }>;

const put = (url: string, relative_path: string, headers: [string, string][] | null = null): Put => ({
  output_upload_type: 'single_file_put',
  url,
  relative_path,
  signed_headers: headers && new Map(headers),
});
const post = (url: string, relative_path: string, fields: [string, string][] | null = null): Post => ({
  output_upload_type: 'single_file_post',
  url,
  relative_path,
  form_fields: fields && new Map(fields),
  signed_headers: null,
});

function makeOutput(files: Record<string, string | Buffer> = {}): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-output-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, contents] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), contents);
  }
  return folder;
}

const upload = (what: Upload | null, folder: string, options: Partial<UploadOutputOptions> = {}) =>
  uploadOutput(what, folder, {
    signal: new AbortController().signal,
    allowPrivateAddresses: true,
    retryDelays: [1, 1],
    ...options,
  });

const failing = (code: string, message: string | RegExp = /./) =>
  expect.objectContaining({
    code,
    reason: 'upload_failed',
    stage: 'result_upload',
    message: expect.stringMatching(message),
  });

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
    const results = await upload(
      { output_upload_type: 'multi_upload', uploads, system_output: null },
      folder,
    );
    expect([...results.keys()]).toEqual(names);
    expect(JSON.parse(results.get('5')!).body).toBe('file 5');
  });
});

describe('uploads that fail', () => {
  it('gives up after three tries, naming the URL without its secrets', async () => {
    const server = await serve((_request, response) => response.writeHead(403).end('<secret/>'));
    const failed = upload(put(`${server.url}/b?sig=secret`, 'f'), makeOutput({ f: 'x' }));
    const message = `^Uploading "f" to ${server.url}/b failed: the answer was HTTP 403\\.$`;
    await expect(failed).rejects.toEqual(failing('UPLOAD_NOT_ACCEPTED', new RegExp(message)));
    expect(server.received).toHaveLength(3);
  });

  it('does not follow redirects', async () => {
    const server = await serve((_request, response) => response.writeHead(307, { location: '/other' }).end());
    await expect(upload(put(server.url, 'f'), makeOutput({ f: 'x' }))).rejects.toEqual(
      failing('UPLOAD_NOT_ACCEPTED', 'HTTP 307'),
    );
    expect(server.received.every(({ url }) => url === '/')).toBe(true);
  });

  it('stops reading an answer that has no end', async () => {
    const server = await serve((_request, response) => {
      const more = () => void (response.destroyed || response.write(Buffer.alloc(1_000_000), more));
      more();
    });
    await expect(upload(put(server.url, 'f'), makeOutput({ f: 'x' }))).rejects.toEqual(
      failing('UPLOAD_NOT_ACCEPTED', 'the answer is longer than 10 MiB'),
    );
  });

  it('keeps no more of all answers together than a result can carry', async () => {
    const answer = Buffer.alloc(9 * 1024 * 1024, 'a');
    const server = await serve((_request, response) => void response.end(answer));
    const folder = makeOutput({ a: '' });
    const uploads = Array.from({ length: 12 }, () => put(server.url, 'a'));
    await expect(
      upload({ output_upload_type: 'multi_upload', uploads, system_output: null }, folder),
    ).rejects.toEqual(
      failing('UPLOAD_ANSWERS_TOO_LARGE', 'The answers to the uploads are together longer than 50 MiB.'),
    );
    expect(server.received.length).toBeLessThan(10);
  });

  it('talks to no address outside the public internet unless allowed', async () => {
    const server = await serve((_request, response) => response.end());
    await expect(
      upload(put(server.url, 'f'), makeOutput({ f: 'x' }), { allowPrivateAddresses: false }),
    ).rejects.toEqual(
      failing('UPLOAD_ADDRESS_REFUSED', '127.0.0.1 is not an address of the public internet'),
    );
    expect(server.received).toEqual([]);
  });

  it.each(['', '/etc/passwd', '../x', 'a/../x', 'a//b', 'a/', './a', 'a\0', 'a\\b', 'x'.repeat(256)])(
    'refuses the path %j before any request',
    async (relative) => {
      const server = await serve((_request, response) => response.end());
      const uploads = [put(server.url, 'good'), put(server.url, relative)];
      const multi: Upload = { output_upload_type: 'multi_upload', uploads, system_output: null };
      await expect(upload(multi, makeOutput({ good: 'x' }))).rejects.toEqual(failing('UPLOAD_PATH_REFUSED'));
      expect(server.received).toEqual([]);
    },
  );

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
        failing(
          'UPLOAD_FILE_UNREADABLE',
          new RegExp(`^The output file "${relative}" cannot be uploaded: ${reason}\\.$`),
        ),
      );
    }
  });

  it('says that a kind is not supported yet', async () => {
    const zipPut: Upload = { output_upload_type: 'zip_and_http_put', url: 'http://x/' };
    const zipPost: Upload = { output_upload_type: 'zip_and_http_post', url: 'http://x/', form_fields: null };
    const system: Upload = { output_upload_type: 'multi_upload', uploads: [], system_output: zipPut };
    for (const kind of [zipPut, zipPost, system]) {
      await expect(upload(kind, makeOutput())).rejects.toEqual(
        failing('UPLOAD_KIND_UNSUPPORTED', 'not supported yet'),
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
    const multi: Upload = { output_upload_type: 'multi_upload', uploads, system_output: null };
    await expect(upload(multi, makeOutput({ f: 'x' }))).rejects.toEqual(
      failing('UPLOAD_NOT_ACCEPTED', 'HTTP 500'),
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
});
