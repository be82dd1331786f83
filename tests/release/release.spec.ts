import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { acceptKeys, acceptRelease, writeReleaseList, type ReleaseList } from '@horde/release';
import { root } from '@horde/testing/horde';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

const folder = mkdtempSync(path.join(tmpdir(), 'horde-release-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => path.join(folder, name);
const keys: Record<string, string> = {};

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const tried: ReleaseList = {
  channel: 'preprod',
  number: 7,
  expires: new Date('2030-01-01T00:00:00Z'),
  share: 100,
  version: '0.1.0',
  images: [{ name: 'miner-runner', architecture: 'amd64', digest: digest('a'), id: digest('b') }],
};

beforeAll(() => {
  for (const name of ['release', 'offline', 'next', 'stranger']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', at(name)]);
    keys[name] = readFileSync(at(`${name}.pub`), 'utf8').trim();
  }
  writeFileSync(at('tried'), writeReleaseList(tried));
  writeFileSync(
    at('place'),
    `REGISTRY=registry.example\nREPOSITORY_PREFIX=horde\nSCRIPT_ADDRESS=https://get.example\nPUBLIC_KEYS=${keys['release']},${keys['offline']}\n`,
  );
});

const release = (...words: string[]) => releaseWith({}, ...words);

async function releaseWith(
  env: Record<string, string>,
  ...words: string[]
): Promise<{ code: number; said: string; complained: string }> {
  const all = ['tools/release.ts', ...words, '--folder', at('out')];
  return promisify(execFile)(process.execPath, all, { cwd: root, env: { ...process.env, ...env } }).then(
    ({ stdout, stderr }) => ({ code: 0, said: stdout, complained: stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      said: error.stdout,
      complained: error.stderr,
    }),
  );
}

const written = (name: string) => ({
  text: readFileSync(at(`out/releases/${name}`), 'utf8'),
  signature: readFileSync(at(`out/releases/${name}.sig`), 'utf8'),
});
const trust = () => ({ channel: 'stable', releaseKey: keys['release']!, offlineKey: keys['offline']! });

describe('./horde release', () => {
  it('takes what was tried elsewhere to a channel, signed, with install scripts that know where it comes from', async () => {
    const words = ['stable', '--key', at('release'), '--from', at('tried'), '--place', at('place')];
    const first = await release(...words, '--share', '25');
    expect(first.complained).toBe('');
    expect(first.said).toMatch(
      /^Release 0\.1\.0 for channel stable, number \d{10}, for 25 % of the installs, until 20/,
    );
    expect(first.said).toContain(`Next, put what is in ${at('out')} at https://get.example.`);
    const list = acceptRelease(written('stable'), trust(), new Date());
    expect(list).toMatchObject({ channel: 'stable', share: 25, version: '0.1.0', images: tried.images });

    const second = await release(...words);
    expect(second.code).toBe(0);
    const later = acceptRelease(written('stable'), { ...trust(), newest: list.number + 1 }, new Date());
    expect(later.share).toBe(100);

    const scripts = readdirSync(at('out')).filter((name) => name.endsWith('.sh'));
    expect(scripts).toContain('install_miner.sh');
    const script = readFileSync(at('out/install_miner.sh'), 'utf8');
    for (const value of ['registry.example', 'https://get.example', keys['release']!])
      expect(script).toContain(value);
    expect(statSync(at('out/install_miner.sh')).mode & 0o111).not.toBe(0);
  });

  it('lists no image that no install could fetch: a stand-in, which no registry knows', async () => {
    const engine = createServer((_request, answer) =>
      answer
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ Id: digest('c'), RepoDigests: [], RepoTags: [] })),
    ).listen(0, '127.0.0.1');
    onTestFinished(() => void engine.close());
    await once(engine, 'listening');
    const { port } = engine.address() as AddressInfo;
    const words = ['beta', '--key', at('release'), '--place', at('place')];
    const { code, complained } = await releaseWith({ DOCKER_HOST: `tcp://127.0.0.1:${port}` }, ...words);
    expect(code).toBe(1);
    expect(complained).toMatch(
      /^No release was made: No install could fetch backenddevelopersltd\/bittensor-pylon:[\d.]+ and postgres:18: /,
    );
    expect(existsSync(at('out/releases/beta'))).toBe(false);
  });

  it('puts another key in place with the offline one', async () => {
    const { code, said } = await release('keys', '--key', at('offline'), at('next.pub'));
    expect([code, said]).toEqual([0, expect.stringContaining('one key counts')]);
    expect(acceptKeys(written('keys'), trust()).keys).toEqual([keys['next']]);
  });

  it.each([
    ['no channel', [], 2, 'Name a channel'],
    ['no key', ['stable'], 2, '--key FILE'],
    ['two channels', ['stable', 'preprod', '--key', 'release'], 2, 'one channel'],
    [
      'a share that is none',
      ['stable', '--key', 'release', '--share', '101'],
      2,
      '--share is a number from 0 to 100',
    ],
    ['no key to count', ['keys', '--key', 'offline'], 2, 'public keys'],
    ['a key that is none', ['keys', '--key', 'offline', 'place'], 1, 'no public key of ssh-ed25519'],
    [
      'a place that is still empty',
      ['stable', '--key', 'release', '--from', 'tried'],
      1,
      'REGISTRY, REPOSITORY_PREFIX',
    ],
    [
      'a key that no install knows',
      ['stable', '--key', 'stranger', '--from', 'tried', '--place', 'place'],
      1,
      'not signed',
    ],
    [
      'a key that is not there',
      ['stable', '--key', 'nowhere', '--from', 'tried', '--place', 'place'],
      1,
      'ssh-keygen could not sign',
    ],
    [
      'a list that is not there',
      ['stable', '--key', 'release', '--from', 'nowhere', '--place', 'place'],
      1,
      'There is no list',
    ],
  ])('says what is wrong, and writes nothing: %s', async (_name, words, code, sentence) => {
    const files = ['release', 'offline', 'stranger', 'nowhere', 'tried', 'place'];
    const before = readdirSync(at('.'), { recursive: true }).toSorted();
    const run = await release(...words.map((word) => (files.includes(word) ? at(word) : word)));
    expect(run).toMatchObject({ code, complained: expect.stringContaining(sentence) });
    expect(readdirSync(at('.'), { recursive: true }).toSorted()).toEqual(before);
  });
});
