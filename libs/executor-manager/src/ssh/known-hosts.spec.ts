import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HostKeyRefused, KnownHosts } from './known-hosts.ts';
import { generateSshKey } from './ssh-key.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'known-hosts-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function key(type: 'ed25519' | 'ecdsa' = 'ed25519'): Promise<{ bytes: Buffer; line: string }> {
  const [name, base64] = (await generateSshKey(type)).public.split(' ');
  return { bytes: Buffer.from(base64!, 'base64'), line: `${name} ${base64}` };
}

let count = 0;
function knownHosts(text: string | null, pin = false) {
  const file = path.join(folder, `known_hosts_${++count}`);
  if (text !== null) writeFileSync(file, text);
  const said: string[] = [];
  return { file, said, hosts: new KnownHosts({ file, pin }, (sentence) => said.push(sentence)) };
}

it('of two first links to a host at once the second sees what the first has pinned', async () => {
  const { hosts, file } = knownHosts(null, true);
  const [mine, other] = [await key(), await key()];
  const links = await Promise.allSettled([mine, other].map(({ bytes }) => hosts.check('host', 22, bytes)));
  expect(links.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect(readFileSync(file, 'utf8')).toBe(`host ${mine.line}\n`);
});

const known = await key();

describe('a host’s key', () => {
  it.each([
    ['by its name', `host.example ${known.line}`, 'host.example', 22],
    ['whatever the case', `host.example ${known.line} a comment`, 'HOST.example', 22],
    ['among several names', `other,10.0.0.1,host.example ${known.line}`, '10.0.0.1', 22],
    ['with its port', `[host.example]:2222 ${known.line}`, 'host.example', 2222],
    ['by a pattern', `*.example,!bad.example ${known.line}`, 'host.example', 22],
    ['of an IPv6 address', `fd00::2 ${known.line}`, 'fd00::2', 22],
  ])('is known %s', async (_how, line, host, port) => {
    await knownHosts(`# hosts\n\n${line}\n`).hosts.check(host, port, known.bytes);
  });

  it('is known by a hashed name', async () => {
    const salt = randomBytes(20);
    const hash = createHmac('sha1', salt).update('host.example').digest('base64');
    const { hosts } = knownHosts(`|1|${salt.toString('base64')}|${hash} ${known.line}\n`);
    await hosts.check('host.example', 22, known.bytes);
    await expect(hosts.check('other.example', 22, known.bytes)).rejects.toThrow(HostKeyRefused);
  });

  it('of another name, another port, an excepted name or an authority is not known', async () => {
    const { hosts } = knownHosts(
      `*.example,!bad.example ${known.line}\n[host]:22 ${known.line}\n@cert-authority host2 ${known.line}\n`,
    );
    for (const [host, port] of [
      ['bad.example', 22],
      ['a.example', 2222],
      ['host2', 22],
    ] as const) {
      await expect(hosts.check(host, port, known.bytes)).rejects.toThrow(
        `has no key of ${host} port ${port}, which shows ssh-ed25519 SHA256:`,
      );
    }
  });

  it('that was revoked is refused, also where keys are pinned', async () => {
    const { hosts } = knownHosts(`@revoked * ${known.line}\n`, true);
    await expect(hosts.check('host', 22, known.bytes)).rejects.toThrow('is revoked');
  });

  it('is pinned on first use, with its port, and another is refused from then on', async () => {
    const { hosts, file, said } = knownHosts(null, true);
    await hosts.check('10.0.0.1', 2222, known.bytes);
    expect(readFileSync(file, 'utf8')).toBe(`[10.0.0.1]:2222 ${known.line}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(said).toHaveLength(1);
    await hosts.check('10.0.0.1', 2222, known.bytes);
    await expect(hosts.check('10.0.0.1', 2222, (await key()).bytes)).rejects.toThrow(
      /^The key of 10\.0\.0\.1 port 2222 has changed: it was ssh-ed25519 SHA256:\S+ and is now ssh-ed25519 SHA256:\S+\. /,
    );
  });

  it('that cannot be written down is pinned as long as the miner runs', async () => {
    const said: string[] = [];
    const hosts = new KnownHosts({ file: path.join(folder, 'nowhere/file'), pin: true }, (one) =>
      said.push(one),
    );
    await hosts.check('host', 22, known.bytes);
    expect(said[1]).toMatch(/^It could not be written, and is forgotten at the end: ENOENT/);
    await expect(hosts.check('host', 22, (await key()).bytes)).rejects.toThrow('has changed');
  });

  it('is not taken when the operator’s file cannot be read', async () => {
    await expect(knownHosts(null).hosts.check('host', 22, known.bytes)).rejects.toThrow(
      /^The host keys cannot be read: ENOENT/,
    );
  });

  it('may be of several types, which are told', async () => {
    const ecdsa = await key('ecdsa');
    const { hosts } = knownHosts(`host ${known.line}\nhost ${ecdsa.line}\n`);
    expect(await hosts.types('host', 22)).toEqual(['ssh-ed25519', 'ecdsa-sha2-nistp256']);
    await hosts.check('host', 22, ecdsa.bytes);
  });
});

it('a host is pinned beside one whose line has no end', async () => {
  const [a, b] = [await key(), await key()];
  const { hosts, file } = knownHosts(`a ${a.line}`, true);
  await hosts.check('b', 22, b.bytes);
  await hosts.check('a', 22, a.bytes);
  expect(readFileSync(file, 'utf8')).toBe(`a ${a.line}\nb ${b.line}\n`);
});
