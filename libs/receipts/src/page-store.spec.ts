import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { pageAt, PageStore, pageTime } from './index.ts';

/** Any moment, at the start of a page. */
const start = 6_000_000 * pageTime;
let clock: number;
let folder: string;

beforeEach(() => {
  clock = start;
  folder = mkdtempSync(path.join(tmpdir(), 'horde-pages-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

async function openStore(): Promise<PageStore> {
  const store = await PageStore.open({ folder, now: () => clock });
  onTestFinished(() => store.close());
  return store;
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
    expect(await store.pages()).toEqual([6_000_000, 6_000_001]);
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
    expect(await store.page(6_000_000)).toEqual({ file: file(6_000_000), size: 6, archive: null });
    expect(await store.page(1)).toBeNull();
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
    const store = await PageStore.open({ folder: mount, now: () => clock });
    onTestFinished(() => store.close());
    await store.append('first');
    await expect(store.append('x'.repeat(100_000))).rejects.toMatchObject({ code: 'ENOSPC' });
    await store.append('second');
    expect(readFileSync(path.join(mount, '6000000.jsonl'), 'utf8')).toBe('first\nsecond\n');
  },
);

describe('pages that take no more receipts', () => {
  it('are compressed, once, and stay as they are beside it', async () => {
    const store = await openStore();
    for (let page = 0; page < 4; page++, clock += pageTime) await store.append(`line of ${page}`);
    clock -= pageTime; // the fourth is the current one
    expect(await store.archive()).toBe(2);
    expect(await store.archive()).toBe(0);
    const { archive } = (await store.page(6_000_000))!;
    expect(gunzipSync(readFileSync(archive!)).toString()).toBe(lines(6_000_000));
    expect((await store.page(6_000_002))!.archive).toBeNull();
  });

  it('are removed with their archives when they are old', async () => {
    const store = await openStore();
    await store.append('old');
    clock += 3 * pageTime;
    await store.append('new');
    await store.archive();
    expect(await store.evict(clock - pageTime)).toBe(1);
    expect(await store.pages()).toEqual([6_000_003]);
    expect(existsSync(`${file(6_000_000)}.gz`)).toBe(false);
    expect(statSync(file(6_000_003)).size).toBe(4);
  });
});
