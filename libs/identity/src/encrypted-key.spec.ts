import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openFernet, openNacl } from './encrypted-key.ts';
import { ensureHotkey, readHotkey } from './hotkey-file.ts';
import { IdentityError } from './identity-error.ts';
import { passwordFromEnvironment, passwordVariable } from './key-password.ts';

interface Encrypted {
  file: string;
  key: string;
}
const fixtures = JSON.parse(
  readFileSync(new URL('../fixtures/encrypted-hotkeys.json', import.meta.url), 'utf8'),
) as {
  password: string;
  address: string;
  nacl: Encrypted;
  fernet: Encrypted;
  passwords: { path: string; variable: string; value: string; password: string }[];
};
const forms = {
  NaCl: { file: Buffer.from(fixtures.nacl.file, 'base64'), key: fixtures.nacl.key, open: openNacl },
  Fernet: { file: Buffer.from(fixtures.fernet.file), key: fixtures.fernet.key, open: openFernet },
};
const names = ['NaCl', 'Fernet'] as const;
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'horde-identity-'));
  file = path.join(folder, 'hotkey');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** By design one try of a password costs seconds of a core (and 512 MiB for NaCl): there are three in all. */
const slowLimit = 180_000;

/** What a wallet saves in the environment for this file. */
function saved(password: string): string {
  const mask = Buffer.from(passwordVariable(file));
  return Buffer.from(Buffer.from(password).map((byte, i) => byte ^ mask[i % mask.length]!)).toString(
    'base64',
  );
}

describe('an encrypted hotkey of a Bittensor wallet', () => {
  it('in NaCl is read with the password that the environment holds', { timeout: slowLimit }, async () => {
    await writeFile(file, forms.NaCl.file, { mode: 0o600 });
    vi.stubEnv(passwordVariable(file), saved(fixtures.password));
    expect((await ensureHotkey(file)).address).toBe(fixtures.address);
  });

  it('in Fernet is read with the password it is given', { timeout: slowLimit }, async () => {
    await writeFile(file, forms.Fernet.file, { mode: 0o600 });
    vi.stubEnv(passwordVariable(file), saved('another'));
    const { address } = await readHotkey(file, [], { password: fixtures.password });
    expect(address).toBe(fixtures.address);
  });

  it('is refused in one sentence when the password is wrong', { timeout: slowLimit }, async () => {
    await writeFile(file, forms.Fernet.file, { mode: 0o600 });
    await expect(readHotkey(file, [], { password: 'wrong' })).rejects.toThrow(
      `The hotkey file ${file} cannot be decrypted: the password is wrong or the file is damaged.`,
    );
  });
});

describe.each(names)('the envelope of %s', (name) => {
  const { file: sealed, key, open } = forms[name];

  it('opens with its key only', () => {
    const plain = JSON.parse(Buffer.from(open(sealed, bytes(key))!).toString()) as { ss58Address: string };
    expect(plain.ss58Address).toBe(fixtures.address);
    const other = bytes(key);
    other[0]! ^= 1;
    expect(open(sealed, other)).toBeNull();
  });

  it('stays shut, without an error, when any part of it was changed or cut off', () => {
    for (let position = 6; position < sealed.length; position += 29) {
      const changed = Buffer.from(sealed);
      changed[position] = changed[position] === 0x41 ? 0x42 : 0x41;
      expect(open(changed, bytes(key)), `byte ${position}`).toBeNull();
      expect(open(sealed.subarray(0, position), bytes(key)), `${position} bytes`).toBeNull();
    }
  });
});

describe('the password of a key file in the environment', () => {
  it.each(fixtures.passwords)(
    'is found as wallets save it: $variable',
    ({ path, variable, value, password }) => {
      expect(passwordVariable(path)).toBe(variable);
      expect(passwordFromEnvironment(path)).toBeNull();
      vi.stubEnv(variable, value);
      expect(passwordFromEnvironment(path)).toBe(password);
    },
  );

  it.each(['a plain password', 'YWJj!', '////'])('is refused in another form: %s', (value) => {
    vi.stubEnv(passwordVariable(file), value);
    expect(() => passwordFromEnvironment(file)).toThrow(IdentityError);
    expect(() => passwordFromEnvironment(file)).toThrow(
      `The environment variable ${passwordVariable(file)} `,
    );
  });

  it('is read from a file with CRLF', () => {
    vi.stubEnv(passwordVariable(file), `${saved('secret')}\r`);
    expect(passwordFromEnvironment(file)).toBe('secret');
  });

  it('is named in the sentence about an encrypted file without one', async () => {
    await writeFile(file, forms.NaCl.file, { mode: 0o600 });
    await expect(readHotkey(file)).rejects.toThrow(passwordVariable(file));
  });
});
