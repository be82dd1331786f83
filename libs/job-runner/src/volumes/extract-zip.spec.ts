import { randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { failing, fill, inline } from '../testing/volumes.ts';
import { zip } from '../testing/zip.ts';
import { Budget } from './budget.ts';
import { VolumeWriter } from './volume-writer.ts';

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

  it('refuses one whose members overlap', async () => {
    const members = Array.from({ length: 10 }, (_, index) => ({
      name: `${index}`,
      contents: randomBytes(1_000),
    }));
    const archive = await zip(members);
    // Each member's entry in the index leads to the first one's contents.
    for (let at = archive.indexOf('PK\x01\x02'); at >= 0; at = archive.indexOf('PK\x01\x02', at + 1)) {
      archive.writeUInt32LE(0, at + 42);
      archive.writeUInt32LE(5_000, at + 20);
      archive.writeUInt32LE(5_000, at + 24);
    }
    await expect((await fill(inline(archive))).done).rejects.toEqual(
      failing('VOLUME_ARCHIVE_UNREADABLE', 'its members overlap'),
    );
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

  it('says that the archive says the wrong sizes', async () => {
    const contents = 'some words that compress, some words that compress';
    for (const [where, by, message] of [
      [24, 1, 'its size is wrong'], // of the contents
      [24, -1, 'its size is wrong'],
      [20, -2, 'its compressed data ends too early'], // as compressed
    ] as const) {
      const archive = await zip([{ name: 'x', contents }]);
      const at = archive.indexOf('PK\x01\x02') + where;
      archive.writeUInt32LE(archive.readUInt32LE(at) + by, at);
      await expect((await fill(inline(archive))).done).rejects.toEqual(
        failing(expect.stringMatching(/^VOLUME_(ENTRY_REFUSED|ARCHIVE_UNREADABLE)$/) as never, message),
      );
    }
  });

  it('leaves nothing running when one of many members is damaged', async () => {
    const members = Array.from({ length: 20 }, (_, index) => ({
      name: `${index}`,
      contents: Buffer.alloc(400_000, `${index} and more`),
    }));
    const archive = await zip(members);
    archive.fill(0xff, 40, 60);
    await expect((await fill(inline(archive))).done).rejects.toEqual(failing('VOLUME_ARCHIVE_UNREADABLE'));
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
      failing('VOLUME_NOT_WRITTEN', 'The volume\'s file "a" cannot be written: it is a folder'),
    );
  });
});
