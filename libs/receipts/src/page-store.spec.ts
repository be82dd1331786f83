import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { pageAt, Pages, PageStore, pageTime } from './index.ts';

/** Any moment, at the start of a page. */
const start = 6_000_000 * pageTime;
let clock: number;
let folder: string;
let pages: Pages;

beforeEach(() => {
  clock = start;
  folder = mkdtempSync(path.join(tmpdir(), 'horde-pages-'));
  pages = new Pages(folder);
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

async function openStore(): Promise<PageStore> {
  const store = await PageStore.open(pages, { now: () => clock });
  onTestFinished(() => store!.close());
  return store!;
}

const file = (page: number) => path.join(folder, `${page}.jsonl`);
const lines = (page: number) => readFileSync(file(page), 'utf8');

describe('a page', () => {
  it('is the number of whole five minutes since 1970', () => {
    expect(pageAt(1_735_787_045_999)).toBe(5_785_956);
  });

  it('takes lines in the order in which they came, however many at once', async () => {
    const store = await openStore();
    const numbers = Array.from({ length: 2_000 }, (_, index) => `{"n":${index}}`);
    expect(new Set(await Promise.all(numbers.map((line) => store.append(line))))).toEqual(
      new Set([6_000_000]),
    );
    expect(lines(6_000_000)).toBe(numbers.map((line) => `${line}\n`).join(''));
  });

  it('is followed by the next one when its time is over', async () => {
    const store = await openStore();
    await store.append('old');
    clock += pageTime;
    expect(await store.append('new')).toBe(6_000_001);
    expect([lines(6_000_000), lines(6_000_001)]).toEqual(['old\n', 'new\n']);
    expect(await pages.pages()).toEqual([6_000_000, 6_000_001]);
  });

  it('goes on where an earlier process left it', async () => {
    const first = await openStore();
    await first.append('one');
    await first.close();
    const second = await openStore();
    await second.append('two');
    expect(lines(6_000_000)).toBe('one\ntwo\n');
  });

  it('loses the rest of a line that was interrupted, and nothing else', async () => {
    writeFileSync(file(6_000_000), `one\n${'x'.repeat(200_000)}\ntwo ${'y'.repeat(150_000)}`);
    const store = await openStore();
    await store.append('three');
    expect(lines(6_000_000)).toBe(`one\n${'x'.repeat(200_000)}\nthree\n`);
  });

  it('ends before what a machine that lost its power has left as NULs, and what is behind them', async () => {
    const before = '{"a":1}\n'.repeat(20_000);
    writeFileSync(file(6_000_000), `${before}{"b":${'\0'.repeat(5_000)}}\n{"c":3}\n`);
    const store = await openStore();
    await store.append('{"d":4}');
    expect(lines(6_000_000)).toBe(`${before}{"d":4}\n`);
  });

  it('is begun anew when nothing but a torn line is there', async () => {
    writeFileSync(file(6_000_000), 'torn');
    const store = await openStore();
    await store.append('whole');
    expect(lines(6_000_000)).toBe('whole\n');
  });

  it('is shown only as far as it is stored', async () => {
    const store = await openStore();
    await store.append('whole');
    appendFileSync(file(6_000_000), 'half of a li');
    const shown = { file: file(6_000_000), size: 6, archive: null };
    expect(await pages.page(6_000_000)).toMatchObject(shown);
    expect(await new Pages(folder).page(6_000_000)).toMatchObject(shown);
    expect(await pages.page(1)).toBeNull();
  });

  it('is read line by line, as far as it is shown', async () => {
    const store = await openStore();
    await Promise.all(['one', 'two'].map((line) => store.append(line)));
    appendFileSync(file(6_000_000), 'half');
    const read: string[] = [];
    for await (const line of pages.lines(6_000_000)) read.push(line);
    for await (const line of pages.lines(1)) read.push(line);
    expect(read).toEqual(['one', 'two']);
  });

  it('takes lines on when the clock is set back', async () => {
    const store = await openStore();
    clock += pageTime;
    await store.append('one');
    clock -= pageTime;
    expect(await store.append('two')).toBe(6_000_001);
    expect(lines(6_000_001)).toBe('one\ntwo\n');
  });

  it('that a clock ahead of time has begun is left when the clock is right again: nobody would look there', async () => {
    const store = await openStore();
    await store.append('one');
    clock += 100 * pageTime;
    await store.append('two');
    clock -= 100 * pageTime;
    expect(await store.append('three')).toBe(6_000_000);
    expect(lines(6_000_000)).toBe('one\nthree\n');
  });
});

it.skipIf(process.getuid?.() !== 0)(
  'a disk that is full refuses the line, and takes the next one once there is room',
  async () => {
    const mount = mkdtempSync(path.join(tmpdir(), 'horde-small-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', mount]);
    onTestFinished(() => {
      execFileSync('umount', [mount]);
      rmSync(mount, { recursive: true });
    });
    const store = (await PageStore.open(new Pages(mount), { now: () => clock }))!;
    onTestFinished(() => store.close());
    await store.append('first');
    await expect(store.append('x'.repeat(100_000))).rejects.toMatchObject({ code: 'ENOSPC' });
    await store.append('second');
    expect(readFileSync(path.join(mount, '6000000.jsonl'), 'utf8')).toBe('first\nsecond\n');
  },
);

describe('a folder', () => {
  it('belongs to one store at a time', async () => {
    const first = await openStore();
    expect(await PageStore.open(new Pages(folder))).toBeNull();
    await first.close();
    expect(await PageStore.open(new Pages(folder))).not.toBeNull();
  });

  it('is free again when the process that had it was killed', async () => {
    const lock = new URL('folder-lock.ts', import.meta.url).href;
    const child = spawn(process.execPath, ['--input-type=module', '-e', holdFolder], {
      env: { ...process.env, LOCK: lock, FOLDER: folder },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    expect(await PageStore.open(pages)).toBeNull();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await openStore();
  });

  it('loses all unfinished lines when it is opened, also those of earlier pages', async () => {
    writeFileSync(file(5_000_000), 'one\ntwo');
    await openStore();
    expect(lines(5_000_000)).toBe('one\n');
  });

  it('that there is not has no pages', async () => {
    const nowhere = new Pages(path.join(folder, 'nowhere'));
    expect(await nowhere.pages()).toEqual([]);
    expect(await nowhere.page(1)).toBeNull();
    expect(await nowhere.evict(clock)).toBe(0);
  });
});

const holdFolder = `
  const { lockFolder } = await import(process.env.LOCK);
  const unlock = lockFolder(process.env.FOLDER);
  process.stdin.on('end', unlock).resume();
  console.log('held');`;

describe('pages that take no more receipts', () => {
  it('are compressed, once, and stay as they are beside it', async () => {
    const store = await openStore();
    for (let page = 0; page < 4; page++, clock += pageTime) await store.append(`line of ${page}`);
    clock -= pageTime; // the fourth is the current one
    expect(await pages.archive(clock)).toBe(2);
    expect(await pages.archive(clock)).toBe(0);
    const { archive } = (await pages.page(6_000_000))!;
    expect(gunzipSync(readFileSync(archive!)).toString()).toBe(lines(6_000_000));
    expect((await pages.page(6_000_002))!.archive).toBeNull();
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('are compressed again when they take receipts after all', async () => {
    const store = await openStore();
    await store.append('one');
    await store.close();
    clock += 3 * pageTime;
    expect(await pages.archive(clock)).toBe(1);
    clock = start;
    await (await openStore()).append('two');
    expect((await pages.page(6_000_000))!.archive).toBeNull();
    expect(await pages.archive(start + 3 * pageTime)).toBe(0); // the store still has it open
  });

  it('are compressed without the line that was not finished', async () => {
    writeFileSync(file(6_000_000), 'one\ntwo');
    expect(await pages.archive(start + 2 * pageTime)).toBe(1);
    expect(gunzipSync(readFileSync(`${file(6_000_000)}.gz`)).toString()).toBe('one\n');
  });

  it('are removed with their archives when they are old', async () => {
    const store = await openStore();
    await store.append('old');
    clock += 3 * pageTime;
    await store.append('new');
    await pages.archive(clock);
    writeFileSync(`${file(6_000_000)}.1234.part`, 'of an archive that was not finished');
    expect(await pages.evict(clock - pageTime)).toBe(1);
    expect(readdirSync(folder).toSorted()).toEqual(['6000003.jsonl', 'lock']);
    expect(statSync(file(6_000_003)).size).toBe(4);
  });
});
