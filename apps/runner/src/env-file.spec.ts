import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readEnvFile } from './env-file.ts';
import { pinnedCompose } from '../../../tools/images/pinned-compose.ts';

let program: string;
beforeAll(() => void (program = path.join(pinnedCompose().folder, 'docker-compose')));

async function read(text: string): Promise<Record<string, string>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'runner-env-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = path.join(folder, '.env');
  await writeFile(file, text);
  return readEnvFile(file, program);
}

describe('.env of a runner', () => {
  it('is read as Compose reads it: quotes, comments, empty values, lines of Windows, names that nobody knows', async () => {
    const lines = [
      '\ufeff# the miner',
      'NETUID=12\r',
      'WALLET="my wallet"',
      "HOTKEY='sin$gle'",
      'CLASS=',
      'MIGRATING="0"',
      'PORT=8000 # as before',
      'PORT_TWICE=$PORT-2',
      'export EXPORTED=yes',
      ' SPACED = both ',
      'PASSWORD="a\\"b\\\\c\\$d"',
      'KEY="two\nlines"',
      'TOKEN=a#b=c==',
      'NAME_ALONE',
      'NOBODY_KNOWS_ME=1',
    ];
    expect(await read(lines.join('\n'))).toEqual({
      NETUID: '12',
      WALLET: 'my wallet',
      HOTKEY: 'sin$gle',
      CLASS: '',
      MIGRATING: '0',
      PORT: '8000',
      PORT_TWICE: '8000-2',
      EXPORTED: 'yes',
      SPACED: 'both',
      PASSWORD: 'a"b\\c$d',
      KEY: 'two\nlines',
      TOKEN: 'a#b=c==',
      NOBODY_KNOWS_ME: '1',
    });
  });

  it.each<[what: string, text: string, sentence: RegExp]>([
    [
      'a line that is none',
      'A=1\nsome secret words\n',
      /^Line 2 of \.env cannot be read: it is not NAME=value\./,
    ],
    [
      'a quote that is not closed',
      'A=1\nB="secret\n',
      /^\.env has a quote that is not closed, before its line 3\.$/,
    ],
    ['a variable that must be there', 'A=${B:?secret}\n', /asks for the variable B/],
  ])('with %s is refused with its line, and never with what is in it', async (_what, text, sentence) => {
    const refused = read(text);
    await expect(refused).rejects.toThrow(sentence);
    await expect(refused).rejects.not.toThrow('secret');
  });

  it('that is not there is told, and what Docker makes of it then', async () => {
    await expect(readEnvFile('/nowhere/.env', program)).rejects.toThrow('There is no file /nowhere/.env.');
    await expect(readEnvFile(tmpdir(), program)).rejects.toThrow('but a folder');
  });
});
