import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { keysNamespace, listNamespace, writeKeyList, writeReleaseList } from '@horde/release';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sign } from '../../../../tools/release/sign.ts';
import { fetchList, readReleasePlace, type ReleasePlace } from './fetch-list.ts';
import { unknownYet } from './release-state.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'runner-lists-'));
const now = new Date('2026-12-01T00:00:00Z');
const state = unknownYet();
let server: Server;
let place: ReleasePlace;
/** What is served, by its path. */
const files = new Map<string, string>();

const key = (name: string) => path.join(folder, name);
function makeKey(name: string): string {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', key(name)]);
  return readFileSync(`${key(name)}.pub`, 'utf8').trim();
}
function publish(name: string, text: string, signedBy: string, namespace: string): void {
  files.set(`/releases/${name}`, text);
  files.set(`/releases/${name}.sig`, sign(text, key(signedBy), namespace));
}
const list = (changed: { channel?: string; number?: number; expires?: Date } = {}) =>
  writeReleaseList({
    channel: 'stable',
    number: 42,
    expires: new Date('2026-12-30T00:00:00Z'),
    share: 100,
    version: '1.4.0',
    images: [],
    ...changed,
  });

beforeAll(async () => {
  server = createServer((request, response) => {
    const text = files.get(request.url!);
    response.writeHead(text === undefined ? 404 : 200).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const [releaseKey, offlineKey] = [makeKey('release'), makeKey('offline')];
  makeKey('next');
  place = {
    repositories: 'r.example/horde',
    lists: `http://127.0.0.1:${port}/releases`,
    releaseKey,
    offlineKey,
  };
});
beforeEach(() => files.clear());
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

describe('the list of a channel', () => {
  it('is fetched with its signature', async () => {
    publish('stable', list(), 'release', listNamespace);
    expect(await fetchList(place, 'stable', state, now)).toMatchObject({ list: { number: 42 }, keys: null });
  });

  it('follows the offline key to another release key, also when the list of keys is gone again', async () => {
    publish(
      'keys',
      writeKeyList({ number: 1, keys: [readFileSync(`${key('next')}.pub`, 'utf8').trim()] }),
      'offline',
      keysNamespace,
    );
    publish('stable', list(), 'release', listNamespace);
    await expect(fetchList(place, 'stable', state, now)).rejects.toThrow(
      'not signed by a key that this install knows',
    );
    publish('stable', list(), 'next', listNamespace);
    const { keys } = await fetchList(place, 'stable', state, now);
    files.delete('/releases/keys');
    expect(await fetchList(place, 'stable', { ...state, keys }, now)).toMatchObject({
      keys,
      list: { number: 42 },
    });
    publish('stable', list(), 'release', listNamespace);
    await expect(fetchList(place, 'stable', { ...state, keys }, now)).rejects.toThrow('not signed');
  });

  it.each<[what: string, publishIt: () => void, sentence: string]>([
    ['none is there', () => undefined, 'There is no list of channel stable'],
    ['it has no signature', () => files.set('/releases/stable', list()), 'no signature'],
    ['a stranger signed it', () => publish('stable', list(), 'next', listNamespace), 'not signed'],
    [
      'it is of another channel',
      () => publish('stable', list({ channel: 'preprod' }), 'release', listNamespace),
      'of channel preprod',
    ],
    [
      'it is an old one',
      () => publish('stable', list({ number: 41 }), 'release', listNamespace),
      'it is an old one',
    ],
    [
      'it has expired',
      () => publish('stable', list({ expires: now }), 'release', listNamespace),
      'has expired',
    ],
    ['it is too long', () => files.set('/releases/stable', 'x'.repeat(200_000)), 'cannot be fetched'],
  ])('is refused where %s', async (_what, publishIt, sentence) => {
    publishIt();
    await expect(fetchList(place, 'stable', { ...state, newest: { stable: 42 } }, now)).rejects.toThrow(
      sentence,
    );
  });

  it('counts for its own channel: numbers of others do not', async () => {
    publish('stable', list({ number: 7 }), 'release', listNamespace);
    const { list: found } = await fetchList(place, 'stable', { ...state, newest: { preprod: 42 } }, now);
    expect(found.number).toBe(7);
  });

  it('comes from where release.env says, and from nowhere while a line of it is empty', async () => {
    const file = path.join(folder, 'release.env');
    const lines = [
      '# where',
      'REGISTRY=r.example',
      'REPOSITORY_PREFIX=horde',
      'SCRIPT_ADDRESS=https://r.example/x',
    ];
    writeFileSync(file, [...lines, 'PUBLIC_KEYS=ssh-ed25519 A,ssh-ed25519 B', ''].join('\n'));
    expect(await readReleasePlace(file)).toEqual({
      repositories: 'r.example/horde',
      lists: 'https://r.example/x/releases',
      releaseKey: 'ssh-ed25519 A',
      offlineKey: 'ssh-ed25519 B',
    });
    writeFileSync(file, [...lines, 'PUBLIC_KEYS=', ''].join('\n'));
    expect(await readReleasePlace(file)).toBeNull();
  });
});
