import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHotkey, ensureHotkey, readHotkey } from './hotkey-file.ts';
import { IdentityError } from './identity-error.ts';
import { Keypair } from './keypair.ts';
import { verify } from './verify.ts';
import { walletHotkeyPath } from './wallet-path.ts';

/** What bittensor-wallet 4.1.1 wrote for a throw-away hotkey. */
const writtenByBittensor = {
  cryptoType: 1,
  publicKey: '0x4c7f904f9913148428b1080a6c2cc2a45b8b2d740b7840578ef6e52e87cb941f',
  accountId: '0x4c7f904f9913148428b1080a6c2cc2a45b8b2d740b7840578ef6e52e87cb941f',
  privateKey:
    '0xf9bf692f9383725347eba7eb57fae5fa934198f6ac8f1de104cd3ab8901bfa0935c23b562b8eb49ab16987034477ea4bd997b4f992718e41aeab676e6bb167fc',
  secretPhrase: 'logic ride supreme rack fly eye mouse mass borrow double avocado arena',
  secretSeed: '0xcee053488f28de167f3b29fdc2f01463c0209ddbf40e94c2562d739d60b65d64',
  ss58Address: '5Do1Pch2Sz8yintE244gvtPMuXP9CAqK35nZgZDsWwe69vpP',
};
const { ss58Address, secretPhrase, secretSeed, privateKey } = writtenByBittensor;
const otherAddress = '5EsNLFaGe9XK5LzWH3i6eC2Wqv6YqZS1442N1C4yeSdP6uxy';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'horde-identity-'));
  file = path.join(folder, 'hotkey');
});
afterEach(() => rm(folder, { recursive: true }));

async function write(content: unknown, mode = 0o600): Promise<void> {
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content), { mode });
  await chmod(file, mode);
}

async function refusal(): Promise<IdentityError> {
  const error: unknown = await readHotkey(file).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(IdentityError);
  return error as IdentityError;
}

describe('a hotkey file of a Bittensor wallet', () => {
  it.each([
    [
      'a byte order mark before it and CRLF',
      `\ufeff${JSON.stringify(writtenByBittensor, null, 2).replaceAll('\n', '\r\n')}\r\n`,
    ],
    [
      'a byte order mark before its phrase, and a newline behind',
      `\ufeff${writtenByBittensor.secretPhrase}\r\n`,
    ],
  ])('is read with %s', async (_what, content) => {
    await write(content);
    expect((await readHotkey(file)).address).toBe(writtenByBittensor.ss58Address);
  });

  it('is read', async () => {
    await write(writtenByBittensor);
    const warnings: string[] = [];
    const keypair = await readHotkey(file, warnings);
    expect(keypair.address).toBe(ss58Address);
    expect(warnings).toEqual([]);
  });

  it.each([
    ['only a phrase', { secretPhrase }],
    ['a phrase before a seed', { secretPhrase, secretSeed: `0x${'07'.repeat(32)}` }],
    ['only a seed', { secretSeed }],
    ['a seed without 0x', { secretSeed: secretSeed.slice(2) }],
    ['a seed in upper case', { secretSeed: `0x${secretSeed.slice(2).toUpperCase()}` }],
    ['a seed, and null for the phrase', { secretPhrase: null, secretSeed }],
    ['a seed before a private key', { secretSeed, privateKey: `0x${'00'.repeat(64)}` }],
    ['only a private key', { privateKey, ss58Address }],
    ['its key type as a text', { secretSeed, cryptoType: 'sr25519' }],
    ['the misspelt name of its address', { secretSeed, ' ss58Address': ss58Address }],
    ['nothing but a phrase', secretPhrase],
    ['nothing but a phrase and a line break', `${secretPhrase}\n`],
    ['nothing but the digits of a seed', secretSeed.slice(2)],
    ['nothing but a seed with 0x', `${secretSeed}\n`],
    ['nothing but the digits of a private key', privateKey.slice(2)],
    [
      'its address with another prefix',
      { secretSeed, ss58Address: '12jJXwx6JmQTAKtjyh7h53DWm9NntUPT7aX3qrDE52fcLJYC' },
    ],
  ])('is read when it has %s', async (_what, fields) => {
    await write(fields);
    expect((await readHotkey(file)).address).toBe(ss58Address);
  });

  it('is read with a warning when other users can read it', async () => {
    await write(writtenByBittensor, 0o644);
    const warnings: string[] = [];
    expect((await readHotkey(file, warnings)).address).toBe(ss58Address);
    expect(warnings).toEqual([
      `The hotkey file ${file} is open to other users (mode 0644); run: chmod 600 ${file}`,
    ]);
  });
});

describe('a file that is no usable hotkey', () => {
  it.each([
    [
      'encrypted with NaCl, and no password is given',
      '$NACLsecret-bytes',
      /is encrypted\. Save its password/,
    ],
    ['encrypted with Fernet, and no password is given', 'gAAAAABsecret', /is encrypted\. Save its password/],
    ['an Ansible vault', '$ANSIBLE_VAULT;1.1;AES256\n6162', /Ansible vault, .*: encrypt it again/],
    ['an export of polkadot.js', { encoded: 'MFMC', encoding: { version: '3' } }, /polkadot\.js export/],
    ['for an address only', { ss58Address }, /holds no secret/],
    ['for another kind of key', { ...writtenByBittensor, cryptoType: 0 }, /another type/],
    ['mixed up', { ...writtenByBittensor, ss58Address: otherAddress }, /its secret belongs to 5Do1/],
    ['with a mistyped address', { secretSeed, ss58Address: '5Do1' }, /its ss58Address is not valid/],
    [
      'with a mistyped phrase',
      { secretPhrase: secretPhrase.replace('logic', 'lojic') },
      /its secretPhrase is not valid/,
    ],
    ['with a short seed', { secretSeed: secretSeed.slice(0, -2) }, /its secretSeed is not 32 bytes in hex/],
    ['with a number for a seed', { secretSeed: 7 }, /its secretSeed is not a text/],
    ['with a private key of zeros', { privateKey: '00'.repeat(64) }, /its privateKey is not valid/],
    ['cut short', JSON.stringify(writtenByBittensor).slice(0, -40), /holds no JSON object/],
    ['a list', '[]', /holds no JSON object/],
    ['empty', '', /holds no JSON object/],
    ['a bare phrase, mistyped', secretPhrase.replace('logic', 'lojic'), /its secretPhrase is not valid/],
    ['a bare phrase of eleven words', secretPhrase.slice(6), /holds no JSON object/],
    ['a bare seed, cut short', secretSeed.slice(0, -2), /holds no JSON object/],
    ['a bare private key of zeros', '00'.repeat(64), /its privateKey is not valid/],
    ['nothing but an address', ss58Address, /holds no JSON object/],
    ['mixed up under the misspelt name', { secretSeed, ' ss58Address': otherAddress }, /belongs to 5Do1/],
    ['far too large', ' '.repeat(70_000), /far too large/],
  ])('is refused when it is %s, and nothing of it is quoted', async (_what, content, reason) => {
    await write(content);
    const error = await refusal();
    expect(error.message).toContain(file);
    expect(error.message).toMatch(reason);
    expect(inspect(error, { showHidden: true, depth: null })).not.toMatch(
      /secret-bytes|lojic|ride|supreme|cee05348|f9bf692f|ABsecret/,
    );
  });

  it('is refused when it is a folder', async () => {
    await mkdir(file);
    expect((await refusal()).message).toBe(`The hotkey file ${file} is a folder; name the file in it.`);
  });

  it('is refused when it is a pipe, without waiting for a writer', async () => {
    await once(spawn('mkfifo', [file]), 'exit');
    expect((await refusal()).message).toBe(`The hotkey file ${file} is not a regular file.`);
  });

  it('is refused when it is missing, or below something that is no folder', async () => {
    expect((await refusal()).message).toBe(`There is no hotkey file ${file}.`);
    await write('');
    file = path.join(file, 'hotkey');
    expect((await refusal()).message).toContain('ENOTDIR');
  });
});

describe('a hotkey that is mounted through symbolic links', () => {
  let target: string;

  /** As Kubernetes mounts secrets: the name leads through a link to a folder. */
  async function mount(mode: number): Promise<void> {
    target = path.join(folder, '..2026_11_22', 'hotkey');
    await mkdir(path.dirname(target));
    await writeFile(target, JSON.stringify(writtenByBittensor));
    await chmod(target, mode);
    await symlink('..2026_11_22', path.join(folder, '..data'));
    await symlink('..data/hotkey', file);
  }

  it('is read, and never replaced', async () => {
    await mount(0o400);
    const warnings: string[] = [];
    expect((await readHotkey(file, warnings)).address).toBe(ss58Address);
    expect((await ensureHotkey(file, warnings)).address).toBe(ss58Address);
    expect(warnings).toEqual([]);
  });

  it('is read with a warning when other users can read it', async () => {
    await mount(0o444);
    const warnings: string[] = [];
    await readHotkey(file, warnings);
    expect(warnings).toEqual([expect.stringContaining('mode 0444')]);
  });

  it.each([0o620, 0o602])('is refused when other users can write to it (mode %o)', async (mode) => {
    await mount(mode);
    expect((await refusal()).message).toBe(
      `The hotkey file ${file} is a symbolic link to a file that other users own or can write to; name a file of your own.`,
    );
  });

  it.runIf(process.getuid?.() === 0)('is refused when it belongs to another user', async () => {
    await mount(0o600);
    await chown(target, 65_534, 65_534);
    expect((await refusal()).message).toContain('other users own');
  });

  it('is refused when it leads nowhere, in a circle, or to a folder', async () => {
    await symlink('nowhere', file);
    expect((await refusal()).message).toContain('cannot be followed (ENOENT)');
    await expect(ensureHotkey(file)).rejects.toThrow('cannot be followed (ENOENT)');
    await rm(file);
    await symlink(file, file);
    expect((await refusal()).message).toContain('cannot be followed (ELOOP)');
    await rm(file);
    await symlink(folder, file);
    expect((await refusal()).message).toContain('is a folder');
  });
});

describe('a node that starts without a hotkey', () => {
  it('gets one in the layout of Bittensor wallets, for its eyes only, and keeps it', async () => {
    file = path.join(folder, 'wallets/default/hotkeys/default');
    const made = await ensureHotkey(file);
    expect(verify('text', made.sign('text'), made.address)).toBe(true);

    const written = JSON.parse(await readFile(file, 'utf8')) as Record<string, string>;
    const publicKey = `0x${Buffer.from(made.publicKey).toString('hex')}`;
    expect(Object.keys(written)).toEqual([
      'accountId',
      'publicKey',
      'privateKey',
      'secretPhrase',
      'secretSeed',
      'ss58Address',
    ]);
    expect(written).toMatchObject({ accountId: publicKey, publicKey, ss58Address: made.address });
    expect(written.secretPhrase?.split(' ')).toHaveLength(12);
    const bytes = (digits = ''): Buffer => Buffer.from(digits.replace(/^0x/, ''), 'hex');
    expect(Keypair.fromSeed(bytes(written.secretSeed)).address).toBe(made.address);
    expect(Keypair.fromPrivateKey(bytes(written.privateKey)).address).toBe(made.address);

    expect((await stat(file)).mode & 0o777).toBe(0o600);
    for (const name of ['wallets', 'wallets/default', 'wallets/default/hotkeys']) {
      expect((await stat(path.join(folder, name))).mode & 0o777).toBe(0o700);
    }
    expect(await readdir(path.dirname(file))).toEqual(['default']);

    const warnings: string[] = [];
    expect((await ensureHotkey(file, warnings)).address).toBe(made.address);
    expect(warnings).toEqual([]);
  });

  it('does not replace a file that it cannot read', async () => {
    await write('garbage');
    await expect(ensureHotkey(file)).rejects.toThrow(IdentityError);
    expect(await readFile(file, 'utf8')).toBe('garbage');
  });

  it('says so when the file cannot be made', async () => {
    await write('not a folder');
    file = path.join(file, 'hotkeys/default');
    await expect(ensureHotkey(file)).rejects.toThrow(`The hotkey file ${file} cannot be`);
  });
});

describe('two starts at once without a hotkey', () => {
  it('end with one key within a process', async () => {
    file = path.join(folder, 'hotkeys/default');
    const keypairs = await Promise.all(Array.from({ length: 20 }, () => ensureHotkey(file)));
    expect(new Set(keypairs.map(String)).size).toBe(1);
    expect(await readdir(path.dirname(file))).toEqual(['default']);
  });

  it('end with one key among processes', async () => {
    file = path.join(folder, 'hotkeys/default');
    const script = `
      const { ensureHotkey } = await import(${JSON.stringify(new URL('hotkey-file.ts', import.meta.url).href)});
      process.stdout.write('ready\\n');
      await new Promise((resolve) => process.stdin.once('data', resolve));
      process.stdin.destroy();
      process.stdout.write(String(await ensureHotkey(${JSON.stringify(file)})));`;
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] }),
    );
    const outputs = children.map((child) => text(child.stdout));
    await Promise.all(children.map((child) => once(child.stdout, 'data')));
    for (const child of children) child.stdin.write('go');

    const addresses = (await Promise.all(outputs)).map((output) => output.replace('ready\n', ''));
    expect(addresses).toEqual(Array(4).fill((await readHotkey(file)).address));
    expect(await readdir(path.dirname(file))).toEqual(['default']);
  });
});

describe('a hotkey file that is made of a secret', () => {
  it.each([
    ['a phrase', secretPhrase],
    ['a seed', secretSeed],
    ['a private key', `${privateKey}\n`],
    ['a key file', JSON.stringify(writtenByBittensor)],
  ])('%s: has its address, and is for its owner alone', async (_name, secret) => {
    expect((await createHotkey(file, secret)).address).toBe(ss58Address);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { cryptoType: _type, ...whole } = writtenByBittensor;
    expect(whole).toMatchObject(JSON.parse(await readFile(file, 'utf8')) as object);
  });

  it('never replaces one that is there', async () => {
    const first = await createHotkey(file);
    await expect(createHotkey(file, secretPhrase)).rejects.toThrow('already; it stays as it is');
    expect((await readHotkey(file)).address).toBe(first.address);
  });

  it('is not made of what is no secret, which no error shows', async () => {
    const wrong = `${secretPhrase} arena`;
    const error = await createHotkey(file, wrong).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(IdentityError);
    expect(inspect(error)).not.toContain('arena');
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('the path of a hotkey', () => {
  it('is Bittensor’s', () => {
    expect(walletHotkeyPath({ directory: '/w', wallet: 'miner', hotkey: 'gpu-1' })).toBe(
      '/w/miner/hotkeys/gpu-1',
    );
  });

  it('begins in the home folder for ~', () => {
    const names = { wallet: 'default', hotkey: 'default' };
    expect(walletHotkeyPath({ directory: '~/.bittensor/wallets', ...names })).toBe(
      path.join(homedir(), '.bittensor/wallets/default/hotkeys/default'),
    );
    expect(walletHotkeyPath({ directory: '~', ...names })).toBe(
      path.join(homedir(), 'default/hotkeys/default'),
    );
    expect(walletHotkeyPath({ directory: '/x~/y', ...names })).toBe('/x~/y/default/hotkeys/default');
  });

  it.each(['', '.', '..', '../../etc', 'a/b', '/etc/passwd', 'a\\b', 'a\0b'])(
    'never leaves the folder by the name %j',
    (name) => {
      expect(() => walletHotkeyPath({ directory: '/w', wallet: name, hotkey: 'default' })).toThrow(
        IdentityError,
      );
      expect(() => walletHotkeyPath({ directory: '/w', wallet: 'default', hotkey: name })).toThrow(
        IdentityError,
      );
    },
  );
});
