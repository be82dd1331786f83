import { randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { failing, fill, inline } from '../testing/volumes.ts';
import { zip } from '../testing/zip.ts';

it('of two members of one name the later one counts, whole', async () => {
  const contents = (letter: string) => Buffer.alloc(2_000_000, letter);
  const { folder, done } = await fill(
    inline(
      await zip([
        { name: 'a', contents: contents('1') },
        { name: './a', contents: contents('2').subarray(0, 1_500_000) },
      ]),
    ),
  );
  await done;
  expect(readFileSync(path.join(folder, 'a')).equals(contents('2').subarray(0, 1_500_000))).toBe(true);
});

describe('archives that mean harm', () => {
  it.each(['../outside', 'a/../../outside', '/outside', 'a/..', '..'])(
    'refuses the member %j',
    async (name) => {
      const { folder, done } = await fill(inline(await zip([{ name, contents: 'evil' }])));
      await expect(done).rejects.toEqual(
        failing(expect.stringMatching(/^VOLUME_(ENTRY_REFUSED|ARCHIVE_UNREADABLE)$/) as never),
      );
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  it.each([
    ['a symbolic link', 0o120777],
    ['a FIFO', 0o010666],
    ['a device', 0o020666],
  ])('refuses %s', async (_what, mode) => {
    const { folder, done } = await fill(inline(await zip([{ name: 'odd', contents: '/etc/passwd', mode }])));
    await expect(done).rejects.toEqual(
      failing('VOLUME_ENTRY_REFUSED', '"odd" is refused: it is neither a file nor a folder'),
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('stops a bomb at the limit, counting what is written and not what is promised', async () => {
    const archive = await zip(
      Array.from({ length: 20 }, (_, index) => ({ name: `${index}`, contents: Buffer.alloc(200_000) })),
    );
    const { folder, done } = await fill(inline(archive), { maxBytes: 1_000_000 });
    await expect(done).rejects.toEqual(
      failing('VOLUME_TOO_LARGE', 'The inline volume holds more than 976.6 KiB.'),
    );
    const written = readdirSync(folder).reduce(
      (sum, name) => sum + lstatSync(path.join(folder, name)).size,
      0,
    );
    expect(written).toBeLessThanOrEqual(1_000_000);
  });

  it('stops at the limit of files and folders, those between included', async () => {
    const { done } = await fill(inline(await zip([{ name: 'a/b/c/d/e', contents: '' }])), { maxEntries: 4 });
    await expect(done).rejects.toEqual(failing('VOLUME_TOO_MANY_ENTRIES', 'more than 4 files and folders'));
  });

  it('says that something is no archive', async () => {
    const { done } = await fill(inline(Buffer.from('not a zip')));
    await expect(done).rejects.toEqual(
      failing('VOLUME_ARCHIVE_UNREADABLE', /^The inline volume cannot be unpacked: /),
    );
  });

  it('says that an archive is damaged', async () => {
    const archive = await zip([
      { name: 'x', contents: 'some words that compress, some words that compress' },
    ]);
    const broken = Buffer.from(archive).fill(0xff, 31, 50);
    await expect((await fill(inline(broken))).done).rejects.toEqual(failing('VOLUME_ARCHIVE_UNREADABLE'));
    const changed = await zip([{ name: 'x', contents: randomBytes(100) }]);
    changed[40]! ^= 1;
    await expect((await fill(inline(changed))).done).rejects.toEqual(
      failing('VOLUME_ENTRY_REFUSED', 'its checksum is wrong'),
    );
  });

  it('cannot put a file where an earlier part put a folder', async () => {
    const part = async (name: string) => inline(await zip([{ name, contents: 'x' }])) as never;
    const { done } = await fill({
      volume_type: 'multi_volume',
      volumes: [await part('a/b'), await part('a')],
    });
    await expect(done).rejects.toEqual(
      failing('VOLUME_NOT_WRITTEN', 'The volume\'s file "a" cannot be written: it is a folder'),
    );
  });
});
