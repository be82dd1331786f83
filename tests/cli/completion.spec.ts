import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { root } from '@horde/testing/horde';
import { because, missingPrograms } from '@horde/testing/missing';
import { inTerminal } from '@horde/testing/terminal';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const bundle = path.join(root, 'apps/cli/dist/main.mjs');
let folder: string;

/** A `horde` that completes, and for anything else says what was typed. */
const told = `#!/bin/sh
case $1 in complete | completion) exec ${process.execPath} ${bundle} "$@" ;; esac
echo "typed: $*."
`;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'horde-completion-'));
  for (const name of ['bin', 'config/horde', 'cache/horde', 'home'])
    await mkdir(path.join(folder, name), { recursive: true });
  await writeFile(path.join(folder, 'bin/horde'), told, { mode: 0o755 });
  await writeFile(path.join(folder, 'config/horde/config.json'), '{"profiles":{"mainnet":{}}}');
  await writeFile(path.join(folder, 'cache/horde/jobs'), '7c2d0f34\n1a2b3c4d\n');
  await writeFile(path.join(folder, 'home/notes.txt'), '');
});
afterAll(() => rm(folder, { recursive: true }));

it('a shell that does not read on gets no more than that', async () => {
  const child = spawn(process.execPath, [bundle, 'completion', 'bash'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  expect(await text(child.stderr)).toBe('');
});

/** Starts without the machine's own settings, then reads what `horde completion` prints as a user's settings would. */
const shells: Record<string, { start: string[]; setUp: string }> = {
  bash: { start: ['bash', '--norc', '--noprofile', '-i'], setUp: 'eval "$(horde completion bash)"' },
  zsh: { start: ['zsh', '-f', '-i'], setUp: 'source <(horde completion zsh)' },
  fish: { start: ['fish', '--no-config', '-i'], setUp: 'horde completion fish | source' },
};

describe.each(Object.keys(shells))('a real %s', (shell) => {
  const missing = missingPrograms(shell);
  it.skipIf(missing !== null)(
    `completes commands, options, values, and files where it is a file's name${because(missing)}`,
    async () => {
      const { start, setUp } = shells[shell]!;
      const typing = inTerminal(start, {
        ...process.env,
        PATH: `${path.join(folder, 'bin')}:${process.env['PATH']}`,
        HOME: path.join(folder, 'home'),
        XDG_CONFIG_HOME: path.join(folder, 'config'),
        XDG_CACHE_HOME: path.join(folder, 'cache'),
        HORDE_ROOT: '',
        NODE_COMPILE_CACHE: path.join(folder, 'compiled'),
      });
      const enter = async (line: string, shown: string) => {
        typing.type(`${line}\r`);
        await typing.shows(new RegExp(`typed: ${shown}\\.`));
      };
      typing.type(`cd; ${setUp}; horde ready\r`);
      await typing.shows(/typed: ready\./);
      await enter('horde jo\tdesc\t--prof\tmai\t7\t', 'jobs describe --profile mainnet 7c2d0f34');
      await enter('horde jobs list --class=always_on.te\t', 'jobs list --class=always_on.test');
      await enter('horde jobs run alpine --volume not\t', 'jobs run alpine --volume notes.txt');
      typing.type('exit\r');
      expect(await typing.finished).toBe(0);
    },
  );
});
