import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { serve } from '@horde/testing/web-server';
import { zip } from '@horde/testing/zip';
import type { DownloadProgress } from './download-progress.ts';
import { failing, fill, inline, single, zipUrl } from '../testing/volumes.ts';

describe('what a volume brings', () => {
  it('is nothing without a volume', async () => {
    const { folder, done } = await fill(null);
    await done;
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is the contents of an inline archive, open to every user', async () => {
    const archive = await zip([
      { name: 'run.sh', contents: 'echo hi', mode: 0o100600 },
      { name: 'a/b/ŻÓŁW 😀.txt', contents: 'deep' },
      { name: 'empty/' },
      { name: 'nothing', contents: '' },
    ]);
    const { folder, done, read } = await fill(inline(archive, './data//in/'));
    await done;
    expect(read('data/in/a/b/ŻÓŁW 😀.txt')).toBe('deep');
    expect(read('data/in/nothing')).toBe('');
    expect(readdirSync(path.join(folder, 'data/in/empty'))).toEqual([]);
    for (const name of ['data', 'data/in/a/b', 'data/in/empty', 'data/in/run.sh']) {
      expect(statSync(path.join(folder, name)).mode & 0o777).toBe(0o777);
    }
  });

  it('is an archive behind a URL that can be used once', async () => {
    const archive = await zip([{ name: 'x.txt', contents: 'x'.repeat(100_000) }]);
    let used = false;
    const server = await serve((_request, response) => {
      response.writeHead(used ? 410 : 200, { 'content-length': used ? 0 : archive.length });
      response.end(used ? undefined : archive);
      used = true;
    });
    const { done, read } = await fill(zipUrl(`${server.url}/once?token=1`));
    await done;
    expect(read('x.txt')).toHaveLength(100_000);
    expect(server.received).toHaveLength(1);
  });

  it('is told while it comes, part by part, without what is secret', async () => {
    const archive = await zip([{ name: 'x.txt', contents: 'x'.repeat(100_000) }]);
    const server = await serve((request, response) =>
      response.end(request.url!.startsWith('/zip') ? archive : 'y'.repeat(5_000)),
    );
    const told: DownloadProgress[] = [];
    const volumes = [
      zipUrl(`${server.url}/zip?token=secret`),
      single(`${server.url}/y?token=secret`, 'y.txt'),
    ];
    const { done } = await fill(
      { volume_type: 'multi_volume', volumes: volumes as never },
      { onProgress: (progress) => void told.push(progress) },
    );
    await done;
    const ends = told.filter(
      ({ done, total }, at) => done === total && told[at + 1]?.name !== told[at]!.name,
    );
    expect(ends.map(({ name, done }) => [name, done])).toEqual([
      [`${server.url}/zip`, archive.length],
      ['y.txt', 5_000],
    ]);
    expect(JSON.stringify(told)).not.toContain('secret');
  });

  it('is each part of a multi-volume, later ones over earlier ones', async () => {
    const server = await serve((request, response) => response.end(`contents of ${request.url}`));
    const { done, read } = await fill({
      volume_type: 'multi_volume',
      volumes: [
        inline(
          await zip([
            { name: 'a.txt', contents: 'old' },
            { name: 'b.txt', contents: 'b' },
          ]),
        ) as never,
        single(`${server.url}/one`, 'a.txt') as never,
        single(`${server.url}/two`, 'deep/er/c.txt') as never,
      ],
    });
    await done;
    expect([read('a.txt'), read('b.txt'), read('deep/er/c.txt')]).toEqual([
      'contents of /one',
      'b',
      'contents of /two',
    ]);
  });

  it('is what a server compressed without being asked, as it was before', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('plain'));
    });
    const { done, read } = await fill(single(server.url));
    await done;
    expect(read('file')).toBe('plain');
  });

  it('is fetched through redirects, relative ones too', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/end') response.end('arrived');
      else
        response.writeHead(302, { location: request.url === '/start' ? '/middle' : 'end' }).end('elsewhere');
    });
    const { done, read } = await fill(single(`${server.url}/start`));
    await done;
    expect(read('file')).toBe('arrived');
  });

  it('is a thousand small files', async () => {
    const members = Array.from({ length: 1_000 }, (_, index) => ({
      name: `d${index % 70}/f${index}`,
      contents: `${index}`,
    }));
    const { folder, done, read } = await fill(inline(await zip(members)));
    await done;
    expect(readdirSync(folder)).toHaveLength(70);
    expect(read('d19/f999')).toBe('999');
  });
});

describe('paths of volumes', () => {
  it.each(['/etc/x', '../x', 'a/../x', 'a\0b'])('refuses %j', async (relative) => {
    const server = await serve((_request, response) => response.end('evil'));
    for (const volume of [
      single(server.url, relative),
      zipUrl(server.url, relative),
      inline(await zip([]), relative),
    ]) {
      await expect((await fill(volume)).done).rejects.toEqual(failing('VOLUME_PATH_REFUSED'));
    }
    expect(server.received).toEqual([]);
  });

  it.each(['', '.', 'folder/'])('refuses a single file at %j', async (relative) => {
    await expect((await fill(single('http://127.0.0.1:1/', relative))).done).rejects.toEqual(
      failing('VOLUME_PATH_REFUSED'),
    );
  });
});
