import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer as createSocket } from 'node:net';
import { once } from 'node:events';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serve, type Received } from '@horde/testing/web-server';
import { unzip } from '../testing/unzip.ts';
import { makeOutput, multi, post, put, upload, uploadFailure, zipPost, zipPut } from '../testing/uploads.ts';

const formOf = ({ body, headers }: Received) =>
  new Response(body, { headers: { 'content-type': headers['content-type']! } }).formData();

/** Uploads an archive of the folder, and gives its members. */
async function archived(folder: string, options = {}) {
  const server = await serve((_request, response) => response.end());
  await upload(zipPut(server.url), folder, options);
  return unzip(server.received[0]!.body);
}
const namesOf = async (folder: string) => (await archived(folder)).map(({ name }) => name);

describe('an archive of the output', () => {
  it('is put whole with its length, and its answer goes under output.zip', async () => {
    const server = await serve((_request, response) => response.writeHead(201, { ETag: '"e"' }).end('kept'));
    const folder = makeOutput({
      'stdout.txt': 'said',
      'stderr.txt': '',
      'deep/er/r.bin': Buffer.alloc(200_000, 7),
    });
    const results = await upload(zipPut(`${server.url}/b?sig=1`), folder);
    const { method, url, headers, body } = server.received[0]!;
    expect({ method, url }).toEqual({ method: 'PUT', url: '/b?sig=1' });
    expect(headers['content-length']).toBe(String(body.length));
    expect(headers).not.toHaveProperty('content-type');
    expect(headers).not.toHaveProperty('transfer-encoding');
    expect((await unzip(body)).map(({ name, contents }) => [name, contents.length])).toEqual([
      ['deep/er/r.bin', 200_000],
      ['stderr.txt', 0],
      ['stdout.txt', 4],
    ]);
    expect([...results.keys()]).toEqual(['output.zip']);
    expect(JSON.parse(results.get('output.zip')!)).toMatchObject({ headers: { etag: '"e"' }, body: 'kept' });
  });

  it('is posted as output.zip after the fields of the form', async () => {
    const server = await serve((_request, response) => response.writeHead(204).end());
    const fields: [string, string][] = [
      ['key', 'jobs/1/output.zip'],
      ['policy', 'e30='],
    ];
    const results = await upload(zipPost(server.url, fields), makeOutput({ a: 'x' }));
    const [request] = server.received;
    expect(request!.headers['content-length']).toBe(String(request!.body.length));
    const form = await formOf(request!);
    expect([...form.keys()]).toEqual(['key', 'policy', 'file']);
    expect(form.get('key')).toBe('jobs/1/output.zip');
    const file = form.get('file') as File;
    expect([file.name, file.type]).toEqual(['output.zip', 'application/zip']);
    expect(await unzip(Buffer.from(await file.arrayBuffer()))).toMatchObject([{ name: 'a' }]);
    expect([...results.keys()]).toEqual(['output.zip']);
  });

  it('of nothing is an empty archive', async () => {
    const server = await serve((_request, response) => response.end());
    await upload(zipPut(server.url), makeOutput());
    expect(server.received[0]!.body).toHaveLength(22);
    expect(await unzip(server.received[0]!.body)).toEqual([]);
  });

  it('keeps modes and times, within what the format can say', async () => {
    const folder = makeOutput({ before: '', now: '', after: '' });
    chmodSync(path.join(folder, 'now'), 0o751);
    utimesSync(path.join(folder, 'now'), 0, new Date(2024, 1, 29, 23, 59, 58));
    utimesSync(path.join(folder, 'before'), 0, new Date(1971, 0, 1));
    utimesSync(path.join(folder, 'after'), 0, new Date(2200, 0, 1));
    const [after, before, now] = await archived(folder);
    expect(after!.modified).toEqual(new Date(2107, 11, 31, 23, 59, 58));
    expect(before!.modified).toEqual(new Date(1980, 0, 1));
    expect(now!.modified).toEqual(new Date(2024, 1, 29, 23, 59, 58));
    expect(now!.mode).toBe(0o100751);
  });

  it('keeps names as they are, in an order that does not depend on the file system', async () => {
    const names = ['Ż/ó ł.txt', 'a\\b', 'b', 'C:', 'a\nb', 'z/z', 'a/z', '...'];
    const members = await archived(makeOutput(Object.fromEntries(names.map((name) => [name, `of ${name}`]))));
    expect(members.map(({ name, contents }) => [name, contents.toString()])).toEqual(
      names.sort().map((name) => [name, `of ${name}`]),
    );
  });

  it('holds no link, folder, FIFO, socket or device, and reads none', async () => {
    const folder = makeOutput({ file: 'x', 'folder/file': 'y' });
    symlinkSync('/etc/passwd', path.join(folder, 'link'));
    symlinkSync('/etc', path.join(folder, 'folder/etc'));
    mkdirSync(path.join(folder, 'empty'));
    execFileSync('/usr/bin/mkfifo', [path.join(folder, 'pipe')]);
    if (process.getuid!() === 0) execFileSync('/usr/bin/mknod', [path.join(folder, 'zero'), 'c', '1', '5']);
    const socket = createSocket().listen(path.join(folder, 'socket'));
    await once(socket, 'listening');
    onTestFinished(() => void socket.close());
    expect(await namesOf(folder)).toEqual(['file', 'folder/file']);
  });

  it('is the same again after a failure', async () => {
    let tries = 0;
    const server = await serve((_request, response) => response.writeHead(++tries < 3 ? 503 : 200).end());
    await upload(zipPut(server.url), makeOutput({ large: Buffer.alloc(3_000_000, 'abcdefg'), small: 'x' }));
    const [first, ...others] = server.received.map(({ body }) => body);
    expect(await unzip(first!)).toHaveLength(2);
    expect(others.map((body) => body.equals(first!))).toEqual([true, true]);
  });

  it('of a multi-upload leaves out what was uploaded by itself, and no other file of that name', async () => {
    const server = await serve((_request, response) => response.end());
    const folder = makeOutput({ a: '1', 'b/a': '2', 'b/c': '3', 'stdout.txt': '4' });
    const singles = [put(`${server.url}/1`, 'a'), post(`${server.url}/2`, 'b/c')];
    const results = await upload(multi(singles, zipPost(`${server.url}/zip`)), folder);
    expect([...results.keys()]).toEqual(['a', 'b/c', 'system_output']);
    const form = await formOf(server.received.find(({ url }) => url === '/zip')!);
    const bytes = await (form.get('file') as File).arrayBuffer();
    expect((await unzip(Buffer.from(bytes))).map(({ name }) => name)).toEqual(['b/a', 'stdout.txt']);
  });
});

describe('an output that cannot be archived', () => {
  const refused = async (folder: string, code: string, message: RegExp, options = {}) => {
    const server = await serve((_request, response) => response.end());
    const singles = [put(server.url, 'f')];
    writeFileSync(path.join(folder, 'f'), 'x');
    await expect(upload(multi(singles, zipPut(server.url)), folder, options)).rejects.toEqual(
      uploadFailure(code, message),
    );
    expect(server.received).toEqual([]); // the archive is made before the first request
  };

  it('has more than 1000 files besides those uploaded by themselves', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `${index % 7}/${index}`);
    const folder = makeOutput(Object.fromEntries(names.map((name) => [name, ''])));
    expect(await archived(folder)).toHaveLength(1000);
    writeFileSync(path.join(folder, 'one more'), '');
    await refused(
      folder,
      'UPLOAD_TOO_MANY_FILES',
      /^There are more than 1000 files to archive in \/output\.$/,
    );
  });

  it('is larger than the limit, which sparse files are counted to in full', async () => {
    const folder = makeOutput({ a: '', '0': Buffer.alloc(1000) });
    truncateSync(path.join(folder, 'a'), 3 * 1024 ** 3);
    const started = process.cpuUsage();
    await refused(
      folder,
      'UPLOAD_ARCHIVE_TOO_LARGE',
      /^The archive of \/output would have 3 GiB, and 2 GiB is the most that is uploaded\.$/,
    );
    expect(process.cpuUsage(started).user).toBeLessThan(1_000_000); // it was not read
  });

  it('counts the whole archive to the limit, and takes one of just that size; 0 is no limit', async () => {
    const folder = makeOutput({ a: Buffer.alloc(100) });
    const size = 30 + 1 + 100 + 46 + 1 + 22;
    expect(await archived(folder, { maxArchiveBytes: size })).toHaveLength(1);
    expect(await archived(folder, { maxArchiveBytes: 0 })).toHaveLength(1);
    await expect(
      upload(zipPut('http://127.0.0.1:1/'), folder, { maxArchiveBytes: size - 1 }),
    ).rejects.toEqual(uploadFailure('UPLOAD_ARCHIVE_TOO_LARGE'));
  });

  it('has folders more than 100 deep', async () => {
    const deep = Array.from({ length: 100 }, () => 'd').join('/');
    const folder = makeOutput({ [`${deep}/file`]: 'x' });
    expect(await namesOf(folder)).toEqual([`${deep}/file`]);
    mkdirSync(path.join(folder, deep, 'one-more'));
    await refused(folder, 'UPLOAD_PATH_REFUSED', /is refused: folders are nested more than 100 deep\.$/);
  });

  it('has a name that is not UTF-8', async () => {
    const folder = makeOutput({ 'sub/x': '' });
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/sub/n`), Buffer.from([0xff])]), 'x');
    await refused(
      folder,
      'UPLOAD_PATH_REFUSED',
      /^The output file "sub\/n\ufffd" is refused: its name is not UTF-8\.$/,
    );
  });
});
