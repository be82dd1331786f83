import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { IsInt, IsString, Max, Min } from 'class-validator';
import { expect, it, onTestFinished } from 'vitest';
import { env, envFlag, envList, envNumber, envSecret, givenVariables, loadSettings } from './index.ts';

class Base {
  @env('MINER_NAME') @IsString() name!: string;
  @envSecret('MINER_SECRET') @IsString() secret = 'default';
}

class Example extends Base {
  @envNumber('MINER_PORT') @IsInt() @Min(1) @Max(65535) port = 8000;
  @envFlag('MINER_DEBUG') debug = false;
  @envList('MINER_HOTKEYS') hotkeys: string[] = [];
}

it('takes what is set and the defaults of the rest', () => {
  const { settings } = loadSettings(Example, {
    MINER_NAME: 'm',
    MINER_PORT: '1',
    MINER_DEBUG: 'yes',
    MINER_HOTKEYS: 'a, b,',
  });
  expect(settings).toEqual({ name: 'm', secret: 'default', port: 1, debug: true, hotkeys: ['a', 'b'] });
});

it('an empty variable counts as not set', () => {
  expect(loadSettings(Example, { MINER_NAME: 'm', MINER_PORT: '' }).settings.port).toBe(8000);
});

it('remembers which variables were given, and which fields have their defaults', () => {
  const { settings } = loadSettings(Example, { MINER_NAME: 'm', MINER_PORT: '8000', MINER_SECRET: '' });
  expect([...givenVariables(settings)]).toEqual(['MINER_NAME', 'MINER_PORT']);
  expect([...givenVariables(new Example())]).toEqual([]);
});

it.each([
  ['a carriage return, of a file with CRLF', 'wallet\r'],
  ['a newline', 'wallet\n'],
  ['spaces', '  wallet\t '],
  ['a byte order mark', '\ufeffwallet'],
  ['a zero-width space', 'wallet\u200b'],
  ['a no-break space', '\u00a0wallet\u00a0'],
  ['quotes, which Docker passes on', '"wallet"'],
  ['quotes and a carriage return', "'wallet'\r"],
])('a value comes without %s around it', (_what, text) => {
  expect(loadSettings(Example, { MINER_NAME: text }).settings.name).toBe('wallet');
});

it('numbers and flags come without a carriage return, and one alone counts as not set', () => {
  const { settings } = loadSettings(Example, {
    MINER_NAME: 'm\r',
    MINER_PORT: '8080\r',
    MINER_DEBUG: 'true\r',
    MINER_HOTKEYS: 'a,b\r',
    MINER_SECRET: '\r',
  });
  expect(settings).toEqual({ name: 'm', secret: 'default', port: 8080, debug: true, hotkeys: ['a', 'b'] });
});

it.each([
  ['wal\u200blet', 'MINER_NAME is not valid: it has an invisible character, U+200B as its character 4.'],
  ['wal\u00a0let', 'MINER_NAME is not valid: it has an invisible character, U+00A0 as its character 4.'],
  ['wal\rlet', 'MINER_NAME is not valid: it has an invisible character, U+000D as its character 4.'],
  ['wallet # mine', 'MINER_NAME is not valid: a comment stands behind it; give it a line of its own.'],
])('what nobody meant inside a value is named: %j', (text, sentence) => {
  expect(() => loadSettings(Example, { MINER_NAME: text })).toThrow(sentence);
});

it.each([
  [{}, 'MINER_NAME is not set, and it must be.'],
  [{ MINER_NAME: 'm', MINER_PORT: 'abc' }, 'MINER_PORT is "abc": it must be a number.'],
  [{ MINER_NAME: 'm', MINER_PORT: '70000' }, 'MINER_PORT is "70000": it must not be greater than 65535.'],
  [{ MINER_NAME: 'm', MINER_DEBUG: 'perhaps' }, 'MINER_DEBUG is "perhaps": it must be true or false.'],
])('a wrong value is one sentence that names the variable: %j', (environment, sentence) => {
  expect(() => loadSettings(Example, environment)).toThrow(sentence);
});

it('reports variables that look like ours and are not', () => {
  expect(loadSettings(Example, { MINER_NAME: 'm', MINER_PROT: '1', PATH: '/' }, ['MINER_']).unknown).toEqual([
    'MINER_PROT',
  ]);
});

it('a secret may be in a file, which the environment names; what the environment says itself counts more', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'settings-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'secret');
  writeFileSync(file, 'of the file\n');
  const set = { MINER_NAME: 'm', MINER_SECRET_FILE: file };
  const { settings, unknown } = loadSettings(Example, set, ['MINER_']);
  expect(settings.secret).toBe('of the file');
  expect([...givenVariables(settings)]).toContain('MINER_SECRET');
  expect(unknown).toEqual([]);
  expect(loadSettings(Example, { ...set, MINER_SECRET: 'itself' }).settings.secret).toBe('itself');
});

it('a file of a secret that cannot be read is told in a sentence, and there is none for what is no secret', () => {
  expect(() => loadSettings(Example, { MINER_NAME: 'm', MINER_SECRET_FILE: '/nowhere/secret' })).toThrow(
    'MINER_SECRET_FILE names /nowhere/secret, which cannot be read (ENOENT).',
  );
  const { unknown } = loadSettings(Example, { MINER_NAME: 'm', MINER_PORT_FILE: '/x' }, ['MINER_']);
  expect(unknown).toEqual(['MINER_PORT_FILE']);
});
