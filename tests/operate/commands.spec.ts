import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { root } from '@horde/testing/horde';
import { documentedCommands } from './documented.ts';
import { howToRun } from './how-to-run.ts';

const documented = documentedCommands();
const eachDay = Object.entries(howToRun).flatMap(([command, how]) =>
  'eachDay' in how ? [{ command, ...how }] : [],
);
const elsewhere = Object.entries(howToRun).flatMap(([command, how]) =>
  'by' in how ? [{ command, ...how }] : [],
);

describe('a command of docs/operate', () => {
  it('is run by a test, or by nobody for a reason', () => {
    const unknown = documented.filter(({ command }) => !Object.hasOwn(howToRun, command));
    expect(unknown, 'say in tests/operate/how-to-run.ts how they are run').toEqual([]);
  });

  it('is in a page: none is run that nobody reads any more', () => {
    const commands = new Set(documented.map(({ command }) => command));
    expect(Object.keys(howToRun).filter((command) => !commands.has(command))).toEqual([]);
  });

  it('is in the spec that is said to run it', () => {
    const missing = elsewhere.filter(
      ({ by, words }) =>
        !existsSync(path.join(root, by)) || !readFileSync(path.join(root, by), 'utf8').includes(words),
    );
    expect(missing).toEqual([]);
  });

  it.each(eachDay)('does what the page says: $command', ({ eachDay: line, says }) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'operate-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    symlinkSync(path.join(root, 'horde'), path.join(folder, 'horde'));
    const { status, stdout, stderr } = spawnSync('bash', ['-c', line], {
      cwd: folder,
      env: { ...process.env, HOME: folder },
      encoding: 'utf8',
    });
    expect(stderr.trim() === '' || status === 0, stderr).toBe(true);
    expect(status, stderr).toBe(0);
    if (says) expect(stdout).toMatch(says);
  });
});
