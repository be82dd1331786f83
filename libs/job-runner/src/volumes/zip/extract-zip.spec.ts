import { randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { zip } from '@horde/testing/zip';
import { failing, fill, inline } from '../../testing/volumes.ts';
import { Budget } from '../budget.ts';
import { VolumeWriter } from '../volume-writer.ts';

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

it('unpacks large members of every compression whole', async () => {
  const members = Array.from({ length: 6 }, (_, index) => ({
    name: `${index}`,
    contents: Buffer.concat([randomBytes(500_000), Buffer.alloc(1_000_000, 'abc'), randomBytes(index)]),
  }));
  for (const store of [false, true]) {
    const { folder, done } = await fill(inline(await zip(members.map((member) => ({ ...member, store })))));
    await done;
    for (const { name, contents } of members) {
      expect(readFileSync(path.join(folder, name)).equals(contents)).toBe(true);
    }
  }
});

describe('archives that mean harm', () => {
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
    const { done } = await fill(inline(await zip([{ name: 'a/b/c/d/e', contents: '' }])), {
      limits: { maxEntries: 4 },
    });
    await expect(done).rejects.toEqual(failing('VOLUME_TOO_MANY_ENTRIES', 'more than 4 files and folders'));
  });

  it('stops one that grows out of proportion, whatever the size limit', async () => {
    const zeros = await zip([{ name: 'zeros', contents: Buffer.alloc(2_000_000) }]);
    const limits = { maxRatio: 100, freeBytes: 1_000_000 };
    await expect((await fill(inline(zeros), { limits, maxBytes: 0 })).done).rejects.toEqual(
      failing('VOLUME_ARCHIVE_GROWS', 'The inline volume unpacks to more than 100 times its own size.'),
    );
    for (const enough of [
      { ...limits, maxRatio: 1_000 },
      { ...limits, freeBytes: 2_000_000 },
    ]) {
      await (
        await fill(inline(zeros), { limits: enough })
      ).done;
    }
  });

  it.each([
    ['x'.repeat(256), 'a name in it is longer than 255 bytes'],
    ['ż'.repeat(128), 'a name in it is longer than 255 bytes'],
    ['x/'.repeat(129), 'it is more than 128 folders deep'],
    [`${'x'.repeat(200)}/`.repeat(11), 'it is longer than 2048 bytes'],
  ])('refuses a member with a name like %.20s', async (name, why) => {
    const { folder, done } = await fill(inline(await zip([{ name, contents: '' }])));
    await expect(done).rejects.toEqual(failing('VOLUME_ENTRY_REFUSED', `is refused: ${why}.`));
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves nothing running when one of many members is damaged', async () => {
    const members = Array.from({ length: 20 }, (_, index) => ({
      name: `${index}`,
      contents: Buffer.alloc(400_000, `${index} and more`),
    }));
    const archive = await zip(members);
    archive.fill(0xff, 40, 60);
    await expect((await fill(inline(archive))).done).rejects.toEqual(
      failing('VOLUME_ENTRY_REFUSED', /its (compressed data is damaged|checksum is wrong)/),
    );
  });

  it('cannot write through a link, even if one were there', async () => {
    const { folder } = await fill(null);
    symlinkSync('/dev/null', path.join(folder, 'link'));
    symlinkSync('/tmp', path.join(folder, 'folder'));
    const budget = new Budget('It', { maxBytes: 0, maxEntries: 9, maxRatio: 1, freeBytes: 0 });
    const writer = new VolumeWriter(folder);
    await expect(writer.makeFile(['link'], budget)).rejects.toEqual(failing('VOLUME_NOT_WRITTEN'));
    await expect(writer.makeFile(['folder', 'x'], budget)).rejects.toEqual(failing('VOLUME_NOT_WRITTEN'));
  });

  it('cannot put a file where an earlier part put a folder', async () => {
    const part = async (name: string) => inline(await zip([{ name, contents: 'x' }])) as never;
    const { done } = await fill({
      volume_type: 'multi_volume',
      volumes: [await part('a/b'), await part('a')],
    });
    await expect(done).rejects.toEqual(
      failing('VOLUME_NOT_WRITTEN', 'The volume\'s file "a" cannot be written: it is a folder, too'),
    );
  });
});
