import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Keypair } from '@horde/identity';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkProfileName, configFile, readConfig, writeConfig } from './config-file.ts';
import { resolveConnection } from './connection.ts';

const [one, other] = [Keypair.generate().address, Keypair.generate().address];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'horde-profiles-'));
  vi.stubEnv('XDG_CONFIG_HOME', folder);
  for (const name of ['HORDE_PROFILE', 'FACILITATOR_URL', 'VALIDATOR_HOTKEY']) vi.stubEnv(name, '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const main = {
  facilitator: 'https://one.example/',
  validator: one,
  wallet: 'mine',
  executorClass: 'always_on.test',
};
const stored = () => writeConfig({ current: 'main', profiles: new Map([['main', main]]) });

describe('profiles', () => {
  it('are kept in one file, for their user alone', async () => {
    await stored();
    expect((await stat(configFile())).mode & 0o777).toBe(0o600);
    expect(await readConfig()).toEqual({ current: 'main', profiles: new Map([['main', main]]) });
  });

  it.each(['{', '[]', '{"profiles":[1]}', '{"profiles":{"a":{"validator":1}}}', '{"current":1}'])(
    'in a damaged file are refused: %s',
    async (text) => {
      await mkdir(path.dirname(configFile()), { recursive: true });
      await writeFile(configFile(), text);
      await expect(readConfig()).rejects.toThrow('is damaged');
      expect(await readFile(configFile(), 'utf8')).toBe(text);
    },
  );

  it.each(['', '__proto__', '../x', 'a b'])('cannot be called %j', (name) => {
    expect(() => checkProfileName(name)).toThrow('profile');
  });
});

describe('what a command uses', () => {
  it('is an option, else the environment, else the profile, else the default', async () => {
    await stored();
    expect(await resolveConnection({})).toMatchObject({ facilitator: main.facilitator, validator: one });
    vi.stubEnv('VALIDATOR_HOTKEY', other);
    vi.stubEnv('FACILITATOR_URL', 'http://two.example');
    expect(await resolveConnection({})).toMatchObject({
      facilitator: 'http://two.example',
      validator: other,
    });
    const given = await resolveConnection({ facilitator: 'http://three.example', walletDirectory: '/w' });
    expect(given).toEqual({
      facilitator: 'http://three.example',
      validator: other,
      hotkeyFile: '/w/mine/hotkeys/default',
      executorClass: 'always_on.test',
      namespace: 'cli.1',
    });
  });

  it.each<[object, string]>([
    [{ profile: 'nobody' }, 'horde login --profile nobody'],
    [{ facilitator: 'one.example' }, 'it begins with https://'],
    [{ validator: `${one}x` }, 'is no hotkey of a validator'],
  ])('is refused with what to do: %j', async (options, sentence) => {
    await stored();
    await expect(resolveConnection(options)).rejects.toThrow(sentence);
  });
});
