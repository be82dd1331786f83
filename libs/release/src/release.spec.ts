import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acceptKeys, acceptRelease, takesPart, type Signed, type Trust } from './choose-release.ts';
import {
  keysNamespace,
  listNamespace,
  readKeyList,
  readReleaseList,
  writeKeyList,
  writeReleaseList,
  type ReleaseList,
} from './release-list.ts';
import { isSignedBy, keyBytes } from './ssh-signature.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'release-'));
afterAll(() => rmSync(folder, { recursive: true }));

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const list: ReleaseList = {
  channel: 'stable',
  number: 42,
  expires: new Date('2026-12-30T00:00:00Z'),
  share: 100,
  version: '1.4.0',
  images: [
    { name: 'miner-runner', architecture: 'amd64', digest: digest('a'), id: digest('b') },
    { name: 'validator-runner', architecture: 'arm64', digest: digest('c'), id: digest('d') },
  ],
};
const now = new Date('2026-12-01T00:00:00Z');

function makeKey(name: string, kind = 'ed25519'): string {
  execFileSync('ssh-keygen', ['-q', '-t', kind, '-N', '', '-C', name, '-f', path.join(folder, name)]);
  return readFileSync(path.join(folder, `${name}.pub`), 'utf8').trim();
}

let signed = 0;
function sign(text: string, key: string, namespace = listNamespace, ...options: string[]): Signed {
  const file = path.join(folder, `text-${signed++}`);
  writeFileSync(file, text);
  const words = ['-Y', 'sign', '-q', '-f', path.join(folder, key), '-n', namespace, ...options, file];
  execFileSync('ssh-keygen', words, { stdio: 'pipe' });
  return { text, signature: readFileSync(`${file}.sig`, 'utf8') };
}

let trust: Trust;
beforeAll(() => {
  trust = { channel: 'stable', releaseKey: makeKey('release'), offlineKey: makeKey('offline') };
  makeKey('stranger');
});

describe('a release list', () => {
  it('comes back as it was written', () => {
    expect(readReleaseList(writeReleaseList(list))).toEqual(list);
  });

  it('is a fact a line, which a person reads and a shell takes apart', () => {
    expect(writeReleaseList(list)).toBe(
      [
        'horde-release 1',
        'channel stable',
        'number 42',
        'expires 2026-12-30T00:00:00Z',
        'share 100',
        'version 1.4.0',
        `image miner-runner amd64 ${digest('a')} ${digest('b')}`,
        `image validator-runner arm64 ${digest('c')} ${digest('d')}`,
        '',
      ].join('\n'),
    );
  });

  it.each([
    ['nothing', '', 'kind'],
    ['another kind', 'horde-keys 1\nnumber 1\n', 'kind'],
    ['a version to come', writeReleaseList(list).replace('release 1', 'release 2'), 'kind'],
    ['one that was cut', writeReleaseList(list).slice(0, -1), 'kind'],
    ['one as long as a book', writeReleaseList(list) + 'channel x\n'.repeat(10_000), 'kind'],
    ['a fact that it does not know', `${writeReleaseList(list)}run echo\n`, 'does not know'],
    ['no number', writeReleaseList(list).replace(/number .*\n/, ''), 'number'],
    ['two numbers', writeReleaseList(list).replace(/number .*\n/, 'number 1\nnumber 2\n'), 'number'],
    ['a number below zero', writeReleaseList(list).replace('42', '-1'), 'number'],
    ['a share above all', writeReleaseList(list).replace('share 100', 'share 101'), 'share'],
    ['no moment', writeReleaseList(list).replace('2026-12-30', '2026-13-30'), 'expires'],
    ['a digest that is none', writeReleaseList(list).replace(digest('a'), 'latest'), 'digests'],
    [
      'an image named twice',
      writeReleaseList(list) + `image miner-runner amd64 ${digest('e')} ${digest('e')}\n`,
      'twice',
    ],
  ])('is refused with a sentence: %s', (_name, text, sentence) => {
    expect(() => readReleaseList(text)).toThrow(sentence);
  });
});

describe('a release is acted on', () => {
  it('where its list is signed by the release key', () => {
    expect(acceptRelease(sign(writeReleaseList(list), 'release'), trust, now)).toEqual(list);
  });

  it('where it is the one that was seen before', () => {
    expect(acceptRelease(sign(writeReleaseList(list), 'release'), { ...trust, newest: 42 }, now).number).toBe(
      42,
    );
  });

  it('where it was signed with the other hash that ssh-keygen has', () => {
    const other = sign(writeReleaseList(list), 'release', listNamespace, '-O', 'hashalg=sha256');
    expect(acceptRelease(other, trust, now).number).toBe(42);
  });

  it('where a key signed it that the offline key has put in place of the first, and not by the first any more', () => {
    const keys = { number: 1, keys: [makeKey('next')] };
    const accepted = acceptKeys(sign(writeKeyList(keys), 'offline', keysNamespace), trust);
    expect(accepted).toEqual(keys);
    const later = { ...trust, keys: accepted };
    expect(acceptRelease(sign(writeReleaseList(list), 'next'), later, now).number).toBe(42);
    expect(() => acceptRelease(sign(writeReleaseList(list), 'release'), later, now)).toThrow('not signed');
  });
});

describe('a release is refused', () => {
  it('that nobody signed', () => {
    expect(() => acceptRelease({ text: writeReleaseList(list), signature: '' }, trust, now)).toThrow(
      'not signed',
    );
  });

  it('that a stranger signed', () => {
    expect(() => acceptRelease(sign(writeReleaseList(list), 'stranger'), trust, now)).toThrow('not signed');
  });

  it('that the offline key signed, which signs keys alone', () => {
    expect(() => acceptRelease(sign(writeReleaseList(list), 'offline'), trust, now)).toThrow('not signed');
  });

  it('that was signed as something else', () => {
    expect(() => acceptRelease(sign(writeReleaseList(list), 'release', 'git'), trust, now)).toThrow(
      'not signed',
    );
    expect(() => acceptRelease(sign(writeReleaseList(list), 'release', keysNamespace), trust, now)).toThrow(
      'not signed',
    );
  });

  it('whose text was changed after it was signed, by a letter or by a line', () => {
    const { text, signature } = sign(writeReleaseList(list), 'release');
    for (const changed of [text.replace('aaaa', 'aaab'), `${text}\n`, text.replace('share 100', 'share 10')])
      expect(() => acceptRelease({ text: changed, signature }, trust, now)).toThrow('not signed');
  });

  it('whose signature is another text’s', () => {
    const { signature } = sign(writeReleaseList({ ...list, number: 43 }), 'release');
    expect(() => acceptRelease({ text: writeReleaseList(list), signature }, trust, now)).toThrow(
      'not signed',
    );
  });

  it('with a signature that is cut, grown or garbled, without an end of the program', () => {
    const { text, signature } = sign(writeReleaseList(list), 'release');
    const body = Buffer.from(signature.split('\n').slice(1, -2).join(''), 'base64');
    const armored = (bytes: Uint8Array) =>
      `-----BEGIN SSH SIGNATURE-----\n${Buffer.from(bytes).toString('base64')}\n-----END SSH SIGNATURE-----\n`;
    expect(isSignedBy(text, armored(body), listNamespace, trust.releaseKey)).toBe(true);
    for (let at = 0; at < body.length; at++) {
      const flipped = Buffer.from(body);
      flipped[at]! ^= 1;
      expect(isSignedBy(text, armored(flipped), listNamespace, trust.releaseKey)).toBe(false);
      expect(isSignedBy(text, armored(body.subarray(0, at)), listNamespace, trust.releaseKey)).toBe(false);
    }
    expect(isSignedBy(text, armored(Buffer.concat([body, body])), listNamespace, trust.releaseKey)).toBe(
      false,
    );
  });

  it('of another channel, an older one, and one that has expired', () => {
    const release = sign(writeReleaseList(list), 'release');
    expect(() => acceptRelease(release, { ...trust, channel: 'preprod' }, now)).toThrow(
      'channel stable, not preprod',
    );
    expect(() => acceptRelease(release, { ...trust, newest: 43 }, now)).toThrow('an old one');
    expect(() => acceptRelease(release, trust, list.expires)).toThrow('expired at 2026-12-30');
  });
});

describe('a list of keys is refused', () => {
  const keys = { number: 5, keys: ['ssh-ed25519 AAAA'] };

  it('that the release key signed, or that was signed as a release', () => {
    expect(() => acceptKeys(sign(writeKeyList(keys), 'release', keysNamespace), trust)).toThrow(
      'offline key',
    );
    expect(() => acceptKeys(sign(writeKeyList(keys), 'offline'), trust)).toThrow('offline key');
  });

  it('that is older than the one that is known', () => {
    const older = sign(writeKeyList({ ...keys, number: 4 }), 'offline', keysNamespace);
    expect(() => acceptKeys(older, { ...trust, keys })).toThrow('number 4');
    expect(readKeyList(older.text).keys).toEqual(keys.keys);
  });
});

describe('a key', () => {
  it('is one of ssh-ed25519, and nothing else', () => {
    expect(keyBytes(trust.releaseKey)).toHaveLength(51);
    for (const none of [
      '',
      'ssh-ed25519',
      'ssh-ed25519 AAAA',
      makeKey('ecdsa', 'ecdsa'),
      'ssh-ed25519 ' + 'A'.repeat(68),
    ])
      expect(keyBytes(none)).toBeNull();
  });
});

describe('the share of a release', () => {
  const installs = Array.from({ length: 2000 }, (_, at) => `hotkey ${at}`);
  const taking = (share: number, number = 42) =>
    installs.filter((one) => takesPart({ ...list, number, share }, one));

  it('is about the share that it says, none at 0 and all at 100', () => {
    expect(taking(0)).toEqual([]);
    expect(taking(100)).toEqual(installs);
    expect(taking(25).length).toBeGreaterThan(400);
    expect(taking(25).length).toBeLessThan(600);
  });

  it('grows: who took part still does', () => {
    const few = taking(10);
    expect(taking(50)).toEqual(expect.arrayContaining(few));
  });

  it('has others first with the next release', () => {
    expect(taking(10, 43)).not.toEqual(taking(10, 42));
  });
});
