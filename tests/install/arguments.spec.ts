import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Keypair } from '@horde/identity';
import { describe, expect, it } from 'vitest';
import { root } from '@horde/testing/horde';
import { Operator, writeWallet } from './operator.ts';

const script = readFileSync(path.join(root, 'install_miner.sh'), 'utf8');
const digest = `sha256:${'a'.repeat(64)}`;
const image = ['--unsigned', digest];

/** Each would leave a file, were it read by a shell. */
const hostile = (file: string): string[] => [
  `$(touch ${file})`,
  `\`touch ${file}\``,
  `x; touch ${file}`,
  `x & touch ${file} &`,
  `x | touch ${file}`,
  `x\ntouch ${file}\n`,
  `'; touch ${file} #`,
  `"; touch ${file} #`,
  `-oProxyCommand=touch ${file}`,
  `a[$(touch ${file})]`,
  `\u001B]0;x\u0007`,
  '../../..',
  '-rf',
  '--',
  '\\x24(touch x)',
  // Further digits and letters, and one that turns the line round.
  '\uFF18\uFF10\uFF10\uFF10',
  'gr\u00FC\u00DFe',
  '\u202E0008',
  'x'.repeat(3_000),
  '',
  ' ',
];

describe('a download that was cut off', () => {
  it('does nothing, wherever that was', async () => {
    const operator = new Operator();
    const words = ['production', 'server', operator.hotkey, ...image];
    const ends = Array.from({ length: 40 }, (_, i) => Math.floor((script.length * i) / 40));
    for (let end = script.length - 40; end < script.length - 1; end++) ends.push(end);
    for (const end of ends) await operator.pipe(script.slice(0, end), words);
    expect(operator.hasBegun).toBe(false);
    await operator.pipe(script, words);
    expect(operator.hasBegun).toBe(true);
  });
});

describe('what is typed', () => {
  it('is refused with a sentence, and never run, where it is hostile: every argument and variable', async () => {
    const operator = new Operator();
    const file = path.join(operator.folder, 'hacked');
    const { hotkey } = operator;
    const tried = hostile(file).flatMap((word): { words: string[]; environment?: NodeJS.ProcessEnv }[] => [
      { words: [word, 'server', hotkey] },
      { words: ['production', word, hotkey] },
      { words: ['production', 'server', word] },
      ...(word === ''
        ? []
        : [
            { words: ['production', 'server', hotkey, word] },
            { words: ['production', 'server', hotkey, '8000', word] },
            { words: ['production', 'server', hotkey], environment: { CHANNEL: word } },
            { words: ['production', 'server', hotkey], environment: { MIGRATING: word } },
          ]),
      { words: ['local', 'server', word] },
      { words: ['uninstall', word] },
      { words: ['move', word, 'next'] },
      { words: ['move', 'server', word] },
      { words: ['move', 'server', 'server'] },
      ...(word === ''
        ? []
        : [{ words: ['move', 'server', 'next'], environment: { BITTENSOR_MINER_ADDRESS: word } }]),
      { words: ['production', 'server', hotkey, '--unsigned', word] },
      { words: ['production', 'server', hotkey, '--offline', word] },
      { words: ['production', 'server', hotkey, `--${word}x`] },
    ]);
    for (const { words, environment } of tried) {
      const { code, stdout, stderr } = await operator.pipe(script, [...image, ...words], environment);
      const typed = JSON.stringify([words, environment]);
      expect(code, typed).toBe(1);
      expect(stdout, typed).toBe('');
      expect(stderr, typed).toMatch(/ (is|are|has|needs|no|There) |USAGE/);
      // A terminal is not to obey it either.
      expect(stderr.replaceAll('\n', ''), typed).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(stderr.length, typed).toBeLessThan(5_000);
    }
    expect([operator.hasBegun, existsSync(file)]).toEqual([false, false]);
  });

  it('is not taken for variables of the script, in whatever language', async () => {
    const operator = new Operator();
    const file = path.join(operator.folder, 'hacked');
    const names = new Set([...script.matchAll(/\b([a-z_]+)(?==|\+=)/g)].map(([name]) => name));
    names.delete('http_proxy');
    const environment = Object.fromEntries([...names].map((name) => [name, `$(touch ${file})`]));
    for (const LANG of ['C', 'C.UTF-8']) {
      rmSync(path.join(operator.folder, 'started'), { force: true });
      const words = ['production', 'server', operator.hotkey, ...image];
      const { code, stderr } = await operator.pipe(script, words, { ...environment, LANG });
      expect([code, stderr]).toEqual([1, expect.stringContaining('server cannot be reached by ssh')]);
      expect([operator.hasBegun, existsSync(file)]).toEqual([true, false]);
    }
  });

  it.each([
    ['too few', ['production', 'server']],
    ['too many', ['production', 'server', 'hotkey', '8000', 'always_on.test', 'more']],
    ['a mode that there is not', ['staging', 'server', 'hotkey']],
  ])('is answered with the usage: %s', async (_, words) => {
    const { code, stderr } = await new Operator().pipe(script, words);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^USAGE: install_miner\.sh production DEST HOTKEY_PATH/m);
  });

  it.each([
    ['port', ['8000x', '0', '65536', '-1', '08000'], 3],
    ['class', ['always_on', 'gpu', 'always_on.test spin_up-4min.gpu-24gb'], 4],
  ])('is no %s where it is none', async (what, values, at) => {
    const operator = new Operator();
    for (const value of values) {
      const words = ['production', 'server', operator.hotkey, '8000', 'always_on.test'];
      words[at] = value;
      const { code, stderr } = await operator.pipe(script, [...words, ...image]);
      expect([code, stderr]).toEqual([1, expect.stringMatching(new RegExp(`^"${value}" is no .*${what}`))]);
    }
    expect(operator.hasBegun).toBe(false);
  });

  it('goes on to the server where all is right', async () => {
    const operator = new Operator();
    const right = [
      ['production', 'server', operator.hotkey],
      ['production', 'me@10.0.0.1', operator.hotkey, '8001', 'always_on.llm.a6000'],
      ['local', 'ssh://me@[2001:db8::1]:2222', Keypair.fromSeed(new Uint8Array(32)).address, '8001'],
      ['uninstall', 'server'],
    ];
    for (const words of right) {
      rmSync(path.join(operator.folder, 'started'), { force: true });
      const { code, stderr } = await operator.pipe(script, [...words, ...image]);
      expect(code, stderr).toBe(1);
      expect(stderr).toContain('cannot be reached by ssh');
      expect(operator.hasBegun).toBe(true);
    }
  });
});

describe('an address of a validator', () => {
  it('is refused with one sign changed, left out or added', async () => {
    const operator = new Operator();
    const { address } = Keypair.fromSeed(new Uint8Array(32).fill(7));
    const other = (sign: string) => (sign === 'x' ? 'y' : 'x');
    const wrong = [5, 20, 47].map((at) => address.slice(0, at) + other(address[at]!) + address.slice(at + 1));
    for (const one of [
      ...wrong,
      address.slice(1),
      `${address}x`,
      address.replace(/.$/, '0'),
      operator.hotkey,
    ]) {
      const { code, stderr } = await operator.pipe(script, ['local', 'server', one, ...image]);
      expect([code, stderr]).toEqual([1, expect.stringContaining('is no address')]);
    }
    expect(operator.hasBegun).toBe(false);
  });
});

describe('a wallet', () => {
  it('has a hotkey that a service can read, and coldkeypub.txt two folders above', async () => {
    const operator = new Operator();
    const wallet = path.join(operator.folder, 'wallets/other');
    const file = writeWallet(wallet, 'default');
    const typed = async () => (await operator.pipe(script, ['production', 'server', file, ...image])).stderr;
    writeFileSync(file, '$NACLabcdef');
    expect(await typed()).toContain('is encrypted');
    writeFileSync(file, 'hello');
    expect(await typed()).toContain('is no hotkey file');
    writeFileSync(file, `{"a":"${'x'.repeat(70_000)}"}`);
    expect(await typed()).toContain('too large');
    rmSync(path.join(wallet, 'coldkeypub.txt'));
    expect(await typed()).toContain('There is no coldkeypub.txt');
    rmSync(wallet, { recursive: true });
    expect(await typed()).toContain('There is no hotkey file');
    mkdirSync(file, { recursive: true });
    expect(await typed()).toContain('There is no hotkey file');
    expect(operator.hasBegun).toBe(false);
  });

  it('is called by a plain name on the server where its own has other signs', async () => {
    const operator = new Operator();
    const file = path.join(operator.folder, 'hacked');
    const hotkey = writeWallet(
      path.join(operator.folder, "wallets/my $(touch hacked) 'wallet'"),
      '`touch hacked`',
    );
    const { stderr } = await operator.pipe(script, ['production', 'server', hotkey, ...image]);
    expect(stderr).toContain('is called default on the server');
    expect(stderr).toContain('is called mywallet on the server');
    expect([operator.hasBegun, existsSync(file)]).toEqual([true, false]);
  });
});

describe('install_validator.sh', () => {
  const validator = readFileSync(path.join(root, 'install_validator.sh'), 'utf8');

  it('refuses what is hostile, and runs none of it: arguments and variables', async () => {
    const operator = new Operator();
    const file = path.join(operator.folder, 'hacked');
    for (const word of hostile(file).filter((one) => one.trim() !== '')) {
      const right = ['server', operator.hotkey];
      const tried: [string[], NodeJS.ProcessEnv?][] = [
        [[word, operator.hotkey]],
        [['server', word]],
        [['uninstall', word]],
        [['move', word, 'next']],
        [['move', 'server', word]],
        [[...right, '--unsigned', word]],
        [[...right, '--offline', word]],
        [[...right, `--${word}x`]],
        ...['TRUSTED_MINER_ADDRESS', 'TRUSTED_MINER_PORT', 'HTTP_PORT', 'CHANNEL', 'MIGRATING'].map(
          (name): [string[], NodeJS.ProcessEnv] => [right, { [name]: word }],
        ),
      ];
      for (const [words, environment] of tried) {
        const { code, stdout, stderr } = await operator.pipe(validator, [...image, ...words], environment);
        const typed = JSON.stringify([words, environment]).slice(0, 300);
        expect([code, stdout], typed).toEqual([1, '']);
        expect(stderr.replaceAll('\n', ''), typed).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }
    }
    expect([operator.hasBegun, existsSync(file)]).toEqual([false, false]);
  });

  it('leaves keys of a cloud where they are, and shows none', async () => {
    const operator = new Operator();
    const secret = '$(touch hacked)';
    const { stderr } = await operator.pipe(validator, [...image, 'server', operator.hotkey], {
      TRUSTED_MINER_ADDRESS: '10.0.0.7',
      TRUSTED_MINER_PORT: '8000',
      AWS_SECRET_ACCESS_KEY: secret,
    });
    expect(operator.hasBegun).toBe(true);
    expect(stderr).toContain('AWS_SECRET_ACCESS_KEY is not needed');
    expect(stderr).not.toContain(secret);
  });
});

it('says that it does not know where releases come from, and begins nothing, without an image or a bundle', async () => {
  const operator = new Operator();
  const { code, stderr } = await operator.pipe(script, ['production', 'server', operator.hotkey]);
  expect([code, stderr]).toEqual([1, expect.stringContaining('does not know yet where releases come from')]);
  expect(operator.hasBegun).toBe(false);
});
