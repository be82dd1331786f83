import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HuggingfaceVolume } from '@horde/protocol';
import { serve } from '@horde/testing/web-server';
import { serveHub, servePlainHub } from '../testing/hub.ts';
import { failing, fill } from '../testing/volumes.ts';

const repository = (repo_id: string, facts: Partial<HuggingfaceVolume> = {}): HuggingfaceVolume => ({
  volume_type: 'huggingface_volume',
  repo_id,
  repo_type: null,
  revision: null,
  relative_path: null,
  allow_patterns: null,
  token: null,
  ...facts,
});

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .toSorted();

const weights = Buffer.alloc(300_000, 'weights');
const files = {
  '.gitattributes': '*.bin lfs',
  'README.md': 'read me',
  'config.json': '{}',
  'model.bin': weights,
  'onnx/a b#1%?é.json': 'odd name',
  'onnx/deep/er/x.txt': '',
};

describe('a Hugging Face volume', () => {
  it('is all files of the repository, plain and open to every user', async () => {
    const hub = await serveHub({ name: 'acme/tiny', files, large: ['model.bin'] });
    const { folder, done, read } = await fill(repository('acme/tiny', { relative_path: 'models/tiny' }), {
      hubUrl: `${hub.url}/`,
    });
    await done;
    const inside = path.join(folder, 'models/tiny');
    expect(filesIn(folder)).toEqual(
      Object.keys(files)
        .map((name) => `models/tiny/${name}`)
        .toSorted(),
    );
    for (const [name, contents] of Object.entries(files)) {
      expect(read(`models/tiny/${name}`)).toBe(contents.toString());
      expect(statSync(path.join(inside, name)).mode).toBe(0o100777);
    }
    expect(statSync(path.join(inside, 'onnx/deep')).mode & 0o777).toBe(0o777);
  });

  it('takes one request for the commit, and one for each page of the listing and each file', async () => {
    const hub = await serveHub({ name: 'acme/tiny', files });
    await (
      await fill(repository('acme/tiny'), { hubUrl: hub.url })
    ).done;
    expect(hub.received.map(({ url }) => /revision|tree|resolve/.exec(url)![0])).toEqual([
      'revision',
      ...Array<string>(2).fill('tree'),
      ...Array<string>(Object.keys(files).length).fill('resolve'),
    ]);
  });

  it.each([
    ['*.json', ['config.json', 'onnx/a b#1%?é.json']],
    ['onnx/', ['onnx/a b#1%?é.json', 'onnx/deep/er/x.txt']],
    [
      ['README.*', '.git*'],
      ['.gitattributes', 'README.md'],
    ],
    [[], []],
  ])('is those files that %j allows', async (allow_patterns, expected) => {
    const hub = await serveHub({ name: 'acme/tiny', files });
    const { folder, done } = await fill(repository('acme/tiny', { allow_patterns }), { hubUrl: hub.url });
    await done;
    expect(filesIn(folder)).toEqual(expected);
  });

  it.each(['dataset', 'space'] as const)('can be a %s, at any revision', async (type) => {
    const hub = await serveHub({ type, name: 'acme/data', revision: 'refs/pr/1', files: { 'a.csv': '1,2' } });
    const volume = repository('acme/data', { repo_type: type, revision: 'refs/pr/1' });
    const { done, read } = await fill(volume, { hubUrl: hub.url });
    await done;
    expect(read('a.csv')).toBe('1,2');
  });

  it('goes on where a lost connection ended', async () => {
    // More than the kernel's buffers hold: when the first part has been sent, some of it has been stored.
    const large = Buffer.alloc(20_000_000, 'weights');
    const listing = JSON.stringify([{ type: 'file', path: 'w.bin', size: large.length, oid: '0' }]);
    const hub = await servePlainHub((request, response) => {
      if (request.url.includes('/tree/')) return void response.end(listing);
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const headers = { etag: '"w"', 'content-length': large.length - from };
      if (from > 0) {
        const range = `bytes ${from}-${large.length - 1}/${large.length}`;
        response.writeHead(206, { ...headers, 'content-range': range }).end(large.subarray(from));
      } else {
        response.writeHead(200, headers);
        response.write(large.subarray(0, 16_000_000), () => setImmediate(() => response.destroy()));
      }
    });
    const { folder, done } = await fill(repository('acme/tiny'), { hubUrl: hub.url, maxBytes: 0 });
    await done;
    expect(readFileSync(path.join(folder, 'w.bin')).equals(large)).toBe(true);
    expect(hub.received.slice(2).map(({ headers }) => [headers.range, headers['if-range']])).toEqual([
      [undefined, undefined],
      [expect.stringMatching(/^bytes=[1-9]\d+-$/), '"w"'],
    ]);
  });
});

describe('a file of a Hugging Face volume that is not as large as it is listed', () => {
  const page = '<html>sign in</html>\n';
  const weights = Buffer.alloc(1_000_000, 'weights');
  const listing = JSON.stringify([{ type: 'file', path: 'w.bin', size: weights.length, oid: '0' }]);
  const hubOf = (...answers: (string | Buffer)[]) =>
    servePlainHub((request, response) => {
      if (request.url.includes('/tree/')) return void response.end(listing);
      const body = answers.shift()!;
      response.writeHead(200, { 'content-length': body.length, etag: '"w"' }).end(body);
    });

  it('is asked for again, from its start', async () => {
    const hub = await hubOf(page, weights);
    const { folder, done } = await fill(repository('acme/tiny'), { hubUrl: hub.url });
    await done;
    expect(readFileSync(path.join(folder, 'w.bin')).equals(weights)).toBe(true);
    expect(hub.received.every(({ headers }) => headers.range === undefined)).toBe(true);
  });

  it.each([
    ['a page instead', page],
    ['more of it', Buffer.alloc(1_000_001)],
  ])('fails the volume with both sizes after three tries: %s', async (_what, body) => {
    const hub = await hubOf(body, body, body);
    const { done } = await fill(repository('acme/tiny'), { hubUrl: hub.url });
    const sizes = `: ${body.length} bytes came of "w.bin", which is listed with 1000000.`;
    await expect(done).rejects.toEqual(failing('VOLUME_UNREACHABLE', sizes));
    expect(hub.received.filter(({ url }) => url.includes('/resolve/'))).toHaveLength(3);
  });
});

describe("a hub's mirror", () => {
  it.each([
    ['huggingface.co', (target: string) => `https://huggingface.co${target}`],
    ['the mirror without its folder', (target: string) => target],
    ['the mirror', (target: string, mirror: string) => `${mirror}${target}`],
  ])('is asked for the next page, where its link names %s', async (_what, linkTo) => {
    const mirror = await servePlainHub((request, response) => {
      if (request.url.includes('/resolve/')) return void response.end('x');
      const isFirst = !request.url.includes('cursor');
      const next = `</hf-link>; rel="prev", <${linkTo('/api/models/acme/tiny/tree/main?cursor=2', `${mirror.url}/hf`)}>; rel="next"`;
      if (isFirst) response.setHeader('link', next);
      response.end(JSON.stringify([{ type: 'file', path: isFirst ? 'one' : 'two', size: 1, oid: '' }]));
    });
    const { folder, done } = await fill(repository('acme/tiny'), { hubUrl: `${mirror.url}/hf` });
    await done;
    expect(filesIn(folder)).toEqual(['one', 'two']);
    expect(mirror.received.every(({ url }) => url.startsWith('/hf/'))).toBe(true);
  });
});

describe('a branch that moves during the download of a Hugging Face volume', () => {
  it('gives the files of the commit that it named at the start', async () => {
    const repo = { name: 'acme/tiny', commit: '0123456789'.repeat(4), files };
    const hub = await serveHub(repo);
    const { folder, done } = await fill(repository('acme/tiny'), { hubUrl: hub.url });
    await done;
    expect(filesIn(folder)).toEqual(Object.keys(files).toSorted());
    const asked = hub.received.filter(({ url }) => !url.includes('/revision/'));
    expect(asked.every(({ url }) => url.includes(repo.commit))).toBe(true);
  });
});

describe('the token of a Hugging Face volume', () => {
  const closed = { name: 'acme/closed', files, large: ['model.bin'], token: 'hf_secret' };

  it('goes to the hub, and not along a redirect to where the files are stored', async () => {
    const hub = await serveHub(closed);
    const { done } = await fill(repository('acme/closed', { token: 'hf_secret' }), { hubUrl: hub.url });
    await done;
    expect(new Set(hub.received.map(({ headers }) => headers.authorization))).toEqual(
      new Set(['Bearer hf_secret']),
    );
    expect(hub.store.received.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it("is the executor's where the volume has none, but not for a part of a multi-volume", async () => {
    const hub = await serveHub(closed);
    const options = { hubUrl: hub.url, hfAccessToken: 'hf_secret' };
    await (
      await fill(repository('acme/closed'), options)
    ).done;
    const parts = {
      volume_type: 'multi_volume' as const,
      volumes: [repository('acme/closed')],
    };
    await expect((await fill(parts, options)).done).rejects.toEqual(failing('VOLUME_REPOSITORY_UNREADABLE'));
  });
});

describe('a Hugging Face volume that cannot be had', () => {
  const refused = (message: string | RegExp) => failing('VOLUME_REPOSITORY_UNREADABLE', message);

  it.each([
    ['no such repository', repository('acme/none'), 'acme/none cannot be read: it does not exist, or it is'],
    ['no such revision', repository('acme/tiny', { revision: 'v9' }), 'it has no revision "v9"'],
    ['another type', repository('acme/tiny', { repo_type: 'space' }), 'The Hugging Face space acme/tiny'],
    [
      'an unknown type',
      repository('acme/tiny', { repo_type: 'kernel' }),
      '"kernel" is no type of repository',
    ],
  ])('is final, with a sentence: %s', async (_what, volume, message) => {
    const hub = await serveHub({ name: 'acme/tiny', files });
    await expect((await fill(volume, { hubUrl: hub.url })).done).rejects.toEqual(refused(message));
    expect(hub.received.length).toBeLessThanOrEqual(1);
  });

  it.each([
    [401, '', null, 'needs a token'],
    [401, '', 'hf_x', 'the hub does not accept the token'],
    [403, '', 'hf_x', 'the token may not read it'],
    [403, 'GatedRepo', 'hf_x', 'an account that was given access'],
    [400, '', null, 'the hub answered with HTTP 400'],
  ])('says what the answer %i %s means', async (status, code, token, message) => {
    const hub = await serve((_request, response) =>
      response.writeHead(status, { 'x-error-code': code }).end(),
    );
    const { done } = await fill(repository('acme/tiny', { token }), { hubUrl: hub.url });
    await expect(done).rejects.toEqual(refused(message));
    expect(hub.received.length).toBeLessThanOrEqual(2);
  });

  it('ends when a file is refused in the middle, whatever else is under way', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `f${index}`);
    const hub = await servePlainHub((request, response) => {
      if (request.url.includes('/tree/')) {
        response.end(JSON.stringify(names.map((name) => ({ type: 'file', path: name, size: 9, oid: '' }))));
      } else if (request.url.endsWith('f2')) response.writeHead(403).end();
      else response.writeHead(200).write('never ends'); // only the end of the others ends it
    });
    const { done } = await fill(repository('acme/tiny'), { hubUrl: hub.url });
    await expect(done).rejects.toEqual(refused('the hub does not allow it'));
  });

  it('is tried three times where the hub is down', async () => {
    const hub = await serve((_request, response) => response.writeHead(503).end());
    const { done } = await fill(repository('acme/tiny'), { hubUrl: hub.url });
    await expect(done).rejects.toEqual(failing('VOLUME_NOT_SERVED', 'HTTP 503'));
    expect(hub.received).toHaveLength(3);
  });

  it.each([
    '../../api/whoami-v2?',
    'a/b/c',
    '/a',
    'a/../b',
    'a--b/c',
    'a/b.git',
    'a/.',
    '',
    'a b/c',
    'a/b#c',
  ])('is one whose name is %j, which no request is sent for', async (name) => {
    const hub = await serveHub();
    const { done } = await fill(repository(name), { hubUrl: hub.url, hfAccessToken: 'hf_secret' });
    await expect(done).rejects.toEqual(refused('its name has to be'));
    expect(hub.received).toEqual([]);
  });

  it.each(['', '.', '..'])('is one at the revision %j', async (revision) => {
    const { done } = await fill(repository('acme/tiny', { revision }), { hubUrl: 'http://127.0.0.1:1' });
    await expect(done).rejects.toEqual(refused('is no revision'));
  });

  it.each(['../out', '/etc/x', 'a/../../x', ''])('is one with a file at %j', async (name) => {
    const hub = await servePlainHub((_request, response) =>
      response.end(JSON.stringify([{ type: 'file', path: name, size: 1, oid: '' }])),
    );
    const { folder, done } = await fill(repository('acme/tiny'), { hubUrl: hub.url });
    await expect(done).rejects.toEqual(failing('VOLUME_ENTRY_REFUSED'));
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is one larger than the limit: as listed, before anything is fetched, or as it comes', async () => {
    const hub = await serveHub({ name: 'acme/tiny', files });
    const { done } = await fill(repository('acme/tiny'), { hubUrl: hub.url, maxBytes: 300_000 });
    await expect(done).rejects.toEqual(
      failing('VOLUME_TOO_LARGE', 'The Hugging Face model acme/tiny holds more than 293 KiB.'),
    );
    expect(hub.received.some(({ url }) => url.includes('/resolve/'))).toBe(false);

    const liar = await servePlainHub((request, response) =>
      request.url.includes('/tree/')
        ? response.end(JSON.stringify([{ type: 'file', path: 'x', size: 1, oid: '' }]))
        : response.end(weights),
    );
    await expect((await fill(repository('a/b'), { hubUrl: liar.url, maxBytes: 1_000 })).done).rejects.toEqual(
      failing('VOLUME_TOO_LARGE'),
    );
  });

  it('is one with more files than the limit', async () => {
    const hub = await serveHub({ name: 'acme/tiny', files });
    const limits = { maxEntries: 5 };
    const { done } = await fill(repository('acme/tiny'), { hubUrl: hub.url, limits });
    await expect(done).rejects.toEqual(failing('VOLUME_TOO_MANY_ENTRIES'));
  });

  it('is one on a hub outside the public internet, where that is not allowed', async () => {
    const hub = await serveHub({ name: 'acme/tiny', files });
    const { done } = await fill(repository('acme/tiny'), { hubUrl: hub.url, allowPrivateAddresses: false });
    await expect(done).rejects.toEqual(failing('VOLUME_ADDRESS_REFUSED', 'is not an address of the public'));
    expect(hub.received).toEqual([]);
  });

  it('ends with the reason of an abort', async () => {
    const controller = new AbortController();
    const hub = await servePlainHub((request, response) => {
      if (request.url.includes('/tree/')) {
        response.end(JSON.stringify([{ type: 'file', path: 'x', size: 1, oid: '' }]));
      } else controller.abort(new Error('time is over'));
    });
    const { done } = await fill(repository('acme/tiny'), { hubUrl: hub.url, signal: controller.signal });
    await expect(done).rejects.toThrow('time is over');
  });
});
