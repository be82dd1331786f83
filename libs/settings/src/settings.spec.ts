import { IsInt, IsString, Max, Min } from 'class-validator';
import { expect, it } from 'vitest';
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
