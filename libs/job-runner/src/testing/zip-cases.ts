import { constants, crc32, deflateRawSync, zstdCompressSync } from 'node:zlib';
import { extraField, numbers, rawZip, type RawMember } from './raw-zip.ts';

/** An archive, and what has to come of it. The next one is a row more. */
export interface ZipCase {
  what: string;
  archive: Buffer;
  /** All files with their contents, and folders (null); or the sentence that it is refused with. */
  gives: Record<string, string | null> | RegExp;
  /** Why Python's zipfile does not give the same, of 3.11 or a later version. */
  unlikePython?: string;
}

const words = 'some words that compress, some words that compress\n'.repeat(3);

const deflate = { method: 8, packed: deflateRawSync(words) };
/** Written by Python's bz2 and lzma. */
const bzip2 = {
  method: 12,
  packed: Buffer.from(
    'QlpoOTFBWSZTWRygsXYAAEBRgAAQQAQuQtyAIABQpgAARSjTRjFJaHD0Pww6HI0PBgfRkHI8GxyOBsfGxh00yNj2D+LuSKcKEgOUFi7A',
    'base64',
  ),
};
const lzma = {
  method: 14,
  flags: 2,
  packed: Buffer.from('CQQFAF0AAIAAADmbyfLnUMqDx2rhOCt00sGSxTD4ko7YgQNbyqizcdHsG+IUb6+//S84AA==', 'base64'),
};
const zstandard = { method: 93, packed: zstdCompressSync(words) };
const methods = Object.entries({ stored: { method: 0 }, deflate, bzip2, LZMA: lzma, Zstandard: zstandard });
const withDictionary = (size: number) =>
  Buffer.concat([lzma.packed.subarray(0, 5), numbers([4, size]), lzma.packed.subarray(9)]);
const newInPython = (what: string) => (what === 'Zstandard' ? 'it has Zstandard from 3.14 on' : undefined);

const a: RawMember = { name: 'a', contents: 'one' };
const b: RawMember = { name: 'b/c', contents: 'two' };
const both = { a: 'one', b: null, 'b/c': 'two' };
const fifty = Array.from({ length: 50 }, (_, i) => ({ name: `f${i}`, contents: `${i}` }));
const allFifty = Object.fromEntries(fifty.map(({ name, contents }) => [name, contents]));

/** Bytes of the directory. */
const lastTen = 10 * (46 + 3);

const partCouldPass = 'a part could pass for the whole';
const page = `<!doctype html><html>${'<p>Not an archive.</p>'.repeat(50)}</html>\n`;

const endless = deflateRawSync(words, { finishFlush: constants.Z_SYNC_FLUSH });
const longer = Buffer.concat([deflate.packed, Buffer.from('and more')]);

function edited(archive: Buffer, edit: (archive: Buffer) => void): Buffer {
  edit(archive);
  return archive;
}

const unicodePath = (name: string, of: Buffer) =>
  extraField(0x7075, Buffer.concat([Buffer.from([1]), numbers([4, crc32(of)]), Buffer.from(name)]));
const koi8 = Buffer.from([0xf0, 0xd2, 0xc9]);

export const zipCases: ZipCase[] = [
  { what: 'files and folders', archive: rawZip([a, b, { name: 'd/' }]), gives: { ...both, d: null } },
  { what: 'nothing', archive: rawZip([]), gives: {} },
  { what: 'an empty file', archive: rawZip([{ name: 'a' }]), gives: { a: '' } },
  { what: 'no byte at all', archive: Buffer.alloc(0), gives: /it is no ZIP archive/ },
  { what: 'a page', archive: Buffer.from(page), gives: /it is no ZIP archive/ },

  ...methods.map(([what, packing]) => ({
    what: `contents packed by ${what}`,
    archive: rawZip([{ name: 'a', contents: words, ...packing }]),
    gives: { a: words },
    unlikePython: newInPython(what),
  })),
  ...methods.map(([what, packing]) => ({
    what: `contents packed by ${what} and damaged`,
    archive: edited(rawZip([{ name: 'a', contents: words, ...packing }]), (archive) => {
      archive[50]! ^= 0x55;
    }),
    gives: /"a" is refused: its (checksum is wrong|compressed data is damaged)/,
    unlikePython: newInPython(what),
  })),
  ...methods.map(([what, packing]) => ({
    what: `contents packed by ${what} and cut off`,
    archive: rawZip([
      {
        name: 'a',
        contents: words,
        ...packing,
        packed: ('packed' in packing ? packing.packed : Buffer.from(words)).subarray(0, 30),
      },
    ]),
    gives: /"a" is refused: its? (ends too early|compressed data ends too early)/,
    unlikePython: newInPython(what),
  })),
  {
    what: 'LZMA without an end mark',
    archive: rawZip([{ name: 'a', contents: words, ...lzma, flags: 0, packed: lzma.packed.subarray(0, -5) }]),
    gives: { a: words },
  },
  {
    what: 'LZMA with a dictionary of 4 GiB, for few bytes',
    archive: rawZip([
      {
        name: 'a',
        contents: words,
        ...lzma,
        packed: withDictionary(2 ** 32 - 1),
      },
    ]),
    gives: { a: words },
    unlikePython: 'it may not have the memory',
  },
  {
    what: 'LZMA with a dictionary of 2 GiB, for as many bytes',
    archive: rawZip([
      { name: 'a', contents: words, ...lzma, packed: withDictionary(2 ** 31), size: 2 ** 31 },
    ]),
    gives: /"a" is refused: unpacking it takes more than 256 MiB of memory/,
    unlikePython: 'it takes the memory',
  },
  ...[1, 6, 9, 98, 99].map((method) => ({
    what: `contents packed by method ${method}`,
    archive: rawZip([{ ...a, method }]),
    gives: /"a" is refused: its compression method \d+ is none of/,
  })),
  {
    what: 'contents that are encrypted',
    archive: rawZip([{ ...a, flags: 1 }]),
    gives: /"a" is refused: it is encrypted/,
  },
  {
    what: 'contents that are strongly encrypted',
    archive: rawZip([{ ...a, flags: 64 }]),
    gives: /"a" is refused: it is encrypted/,
  },
  { what: 'a patch', archive: rawZip([{ ...a, flags: 32 }]), gives: /"a" is refused: it is a patch/ },

  { what: 'a count that is too small', archive: rawZip(fifty, { count: 10 }), gives: allFifty },
  { what: 'a count of none', archive: rawZip(fifty, { count: 0 }), gives: allFifty },
  {
    what: 'a count that is too large',
    archive: rawZip(fifty, { count: 51 }),
    gives: /its end counts 51 files and folders, and its directory has 50/,
    unlikePython: partCouldPass,
  },
  {
    what: 'a directory of which the end says the last fifth',
    archive: rawZip(fifty, { directorySize: lastTen, count: 10 }),
    gives: /"f4\d" is refused: it is not where the directory says/,
  },
  {
    what: 'a directory of which the end says the last fifth, and its place',
    archive: rawZip(fifty, { directorySize: lastTen, directoryOffset: 1_730 + 40 * 49 + 10 * 48 - lastTen }),
    gives: /its end counts 50 files and folders, and its directory has 10/,
    unlikePython: partCouldPass,
  },
  {
    what: 'a directory that is said to be larger',
    archive: rawZip([a, b], { directorySize: 105 }),
    gives: /its directory is damaged/,
  },
  {
    what: 'a directory that is said to be smaller',
    archive: rawZip([a, b], { directorySize: 95 }),
    gives: /its directory is damaged/,
  },
  {
    what: 'a directory that is said to be larger than everything',
    archive: rawZip([a, b], { directorySize: 10_000 }),
    gives: /its directory is larger than the archive/,
  },
  {
    what: 'a comment that swallows the members after it',
    archive: rawZip([{ ...a, commentLength: 49 }, b]),
    gives: /its end counts 2 files and folders, and its directory has 1/,
    unlikePython: partCouldPass,
  },
  {
    what: 'a comment that leads out of the directory',
    archive: rawZip([a, { ...b, commentLength: 1 }]),
    gives: /its directory does not end where its end says/,
    unlikePython: partCouldPass,
  },
  {
    what: 'an archive without its end',
    archive: rawZip([a, b]).subarray(0, -1),
    gives: /its end is missing/,
  },
  {
    what: 'an archive without its beginning',
    archive: rawZip([a, b]).subarray(10),
    gives: /"a" is refused: it (ends too early|is not where the directory says)/,
  },

  { what: 'a newline behind it', archive: rawZip([a, b], { behind: '\n' }), gives: both },
  { what: 'a page behind it', archive: rawZip([a, b], { behind: page }), gives: both },
  {
    what: 'half an end record behind it',
    archive: rawZip([a, b], { behind: 'PK\x05\x06 and no more' }),
    gives: both,
    unlikePython: 'it gives up',
  },
  {
    what: 'more than 64 KiB behind it',
    archive: rawZip([a, b], { behind: Buffer.alloc(70_000) }),
    gives: /its end is missing/,
  },
  { what: 'a byte order mark before it', archive: rawZip([a, b], { before: '\ufeff' }), gives: both },
  {
    what: 'a program before it',
    archive: rawZip([a, b], { before: Buffer.alloc(70_000, '#') }),
    gives: both,
  },
  {
    what: 'a program before it that its positions know of',
    archive: rawZip(
      [
        { ...a, offset: 100 },
        { ...b, offset: 134 },
      ],
      { before: Buffer.alloc(100), directoryOffset: 170 },
    ),
    gives: both,
  },
  { what: 'another archive before it', archive: rawZip([a, b], { before: rawZip(fifty) }), gives: both },
  { what: 'a comment', archive: rawZip([a, b], { comment: 'It is mine.' }), gives: both },
  {
    what: 'a comment, and a newline behind it',
    archive: rawZip([a, b], { comment: 'It is mine.', behind: '\n' }),
    gives: both,
  },
  {
    what: 'a comment that is cut off',
    archive: rawZip([a, b], { comment: 'It is mine.' }).subarray(0, -3),
    gives: both,
  },
  {
    what: 'comments of members',
    archive: rawZip([{ ...a, comment: Buffer.alloc(50_000, 'a') }, b]),
    gives: both,
  },

  { what: 'ZIP64', archive: rawZip([a, b], { zip64: true }), gives: both },
  {
    what: 'ZIP64 behind a program',
    archive: rawZip([a, b], { zip64: true, before: '#!/bin/sh' }),
    gives: both,
  },
  {
    what: 'ZIP64 with a page behind it',
    archive: rawZip([a, b], { zip64: true, behind: page }),
    gives: both,
  },
  {
    what: 'ZIP64 with more in its record',
    archive: rawZip([a, b], { zip64: Buffer.from('more of it') }),
    gives: both,
    unlikePython: 'it gives up, before 3.14',
  },
  {
    what: 'ZIP64 whose record is missing',
    archive: edited(rawZip([a, b], { zip64: true }), (archive) => archive.fill(0, 160, 180)),
    gives: /its directory is larger than the archive/,
  },
  {
    what: 'ZIP64 whose count is too large',
    archive: rawZip([a, b], { zip64: true, count: 70_000 }),
    gives: /its end counts 70000 files and folders, and its directory has 2/,
    unlikePython: partCouldPass,
  },
  {
    what: 'one part of several',
    archive: rawZip([a, b], { zip64: true, disks: 2 }),
    gives: /it is one part of several/,
  },
  {
    what: 'a member with its numbers in the field of ZIP64',
    archive: rawZip([
      {
        ...a,
        size: 0xffffffff,
        packedSize: 0xffffffff,
        offset: 0xffffffff,
        extra: extraField(1, numbers([8, 3], [8, 3], [8, 0])),
      },
      b,
    ]),
    gives: both,
  },
  {
    what: 'a member whose field of ZIP64 is too short',
    archive: rawZip([
      { ...a, size: 0xffffffff, packedSize: 0xffffffff, extra: extraField(1, numbers([8, 3])) },
    ]),
    gives: /its directory has a ZIP64 field that is too short/,
  },
  {
    what: 'a field without an end',
    archive: rawZip([{ ...a, extra: numbers([2, 0x5455], [2, 9]) }]),
    gives: /its directory has an extra field without an end/,
  },
  {
    what: 'fields that differ before contents and in the directory',
    archive: rawZip([{ ...a, extra: extraField(0x5455, Buffer.alloc(5)), headerExtra: Buffer.alloc(40) }, b]),
    gives: both,
  },

  ...[
    numbers([4, 0x08074b50], [4, crc32('one')], [4, 3], [4, 3]),
    numbers([4, crc32('one')], [4, 3], [4, 3]),
  ].map((descriptor) => ({
    what: `sizes behind the contents, in ${descriptor.length} bytes`,
    archive: rawZip([{ ...a, flags: 8, descriptor }, b]),
    gives: both,
  })),

  ...['a', '../a', '/etc/passwd', 'nowhere'].map((target) => ({
    what: `a link to ${target}`,
    archive: rawZip([a, { name: 'link', contents: target, mode: 0o120777 }]),
    gives: { a: 'one', link: target },
  })),
  ...[0o010666, 0o020666, 0o060666, 0o140777, 0o040755].map((mode) => ({
    what: `something of type 0${(mode & 0o170000).toString(8)}`,
    archive: rawZip([{ ...a, mode }]),
    gives: { a: 'one' },
  })),
  {
    what: 'a member through a link',
    archive: rawZip([
      { name: 'd', contents: '/tmp', mode: 0o120777 },
      { name: 'd/a', contents: 'one' },
    ]),
    gives: /"d" cannot be written: it is a folder, too/,
  },

  {
    what: 'names in UTF-8',
    archive: rawZip([{ name: 'żółć', contents: 'one', flags: 2048 }]),
    gives: { żółć: 'one' },
  },
  {
    what: 'names in UTF-8 that do not say so',
    archive: rawZip([{ name: 'cafe\u0301/データ.csv', contents: 'one' }]),
    gives: { 'cafe\u0301': null, 'cafe\u0301/データ.csv': 'one' },
    unlikePython: 'it reads code page 437',
  },
  {
    what: 'names in code page 437',
    archive: rawZip([{ name: Buffer.from([0x80, 0x9f, 0xe1, 0xfe]), contents: 'one' }]),
    gives: { 'Çƒß■': 'one' },
  },
  {
    what: 'names that are not the UTF-8 that they say they are',
    archive: rawZip([{ name: koi8, contents: 'one', flags: 2048 }]),
    gives: /a name in it is not the UTF-8/,
  },
  {
    what: 'names with a byte order mark',
    archive: rawZip([{ name: '\ufeffa', contents: 'one', flags: 2048 }]),
    gives: { '\ufeffa': 'one' },
  },
  {
    what: 'names in UTF-8 beside those of a code page',
    archive: rawZip([{ name: koi8, contents: 'one', extra: unicodePath('При', koi8) }]),
    gives: { При: 'one' },
    unlikePython: 'it reads code page 437, before 3.13',
  },
  {
    what: 'names in UTF-8 beside others than those',
    archive: rawZip([{ ...a, extra: unicodePath('b', koi8) }]),
    gives: { a: 'one' },
  },
  {
    what: 'names in two spellings of UTF-8, one of them said',
    archive: rawZip([{ name: 'ż', headerName: 'ż', contents: 'one', flags: 2048 }]),
    gives: { ż: 'one' },
  },
  {
    what: 'a name with a NUL',
    archive: rawZip([{ name: 'a\0.png', contents: 'one' }]),
    gives: { a: 'one' },
  },
  { what: 'a name with a backslash', archive: rawZip([{ ...a, name: 'b\\c' }]), gives: { 'b\\c': 'one' } },
  {
    what: 'a name with a drive',
    archive: rawZip([{ ...a, name: 'C:/a' }]),
    gives: { 'C:': null, 'C:/a': 'one' },
  },
  { what: 'a name with a newline', archive: rawZip([{ ...a, name: 'a\nb' }]), gives: { 'a\nb': 'one' } },
  ...['/a', '//a', '../a', '../../../../a', './a', '/../a', 'a/..', 'a/.'].map((name) => ({
    what: `the name ${name}`,
    archive: rawZip([{ ...a, name }]),
    gives: { a: 'one' },
  })),
  { what: 'the name d/../a', archive: rawZip([{ ...a, name: 'd/../a' }]), gives: { d: null, 'd/a': 'one' } },
  ...['..', '.'].map((name) => ({
    what: `the name ${name}`,
    archive: rawZip([{ ...a, name }]),
    gives: /is refused: it has no name/,
  })),
  { what: 'no name', archive: rawZip([{ ...a, name: '' }]), gives: /"" is refused: it has no name/ },
  ...['/', '../', './'].map((name) => ({
    what: `the folder ${name}`,
    archive: rawZip([{ name }, a]),
    gives: { a: 'one' },
  })),
  {
    what: 'another name before the contents',
    archive: rawZip([{ ...a, headerName: 'b' }]),
    gives: /"a" is refused: it has another name in front of its contents/,
  },
  {
    what: 'a name that no disk takes',
    archive: rawZip([{ ...a, name: 'x'.repeat(256) }]),
    gives: /is refused: a name in it is longer than 255 bytes/,
  },

  {
    what: 'a name twice',
    archive: rawZip([a, { ...a, contents: 'two' }]),
    gives: { a: 'two' },
  },
  {
    what: 'a name twice, of which the first is damaged',
    archive: rawZip([
      { ...a, checksum: 1 },
      { ...a, contents: 'two' },
    ]),
    gives: { a: 'two' },
  },
  {
    what: 'a path in two spellings',
    archive: rawZip([a, { name: './a', contents: 'two' }]),
    gives: { a: 'two' },
  },
  {
    what: 'a path in two spellings, one of them twice',
    archive: rawZip([a, { name: './a', contents: 'two' }, { name: 'a', contents: 'three' }]),
    gives: { a: 'three' },
  },
  {
    what: 'names that differ in their case',
    archive: rawZip([a, { name: 'A', contents: 'two' }]),
    gives: { a: 'one', A: 'two' },
  },
  {
    what: 'a folder twice, before and after what is in it',
    archive: rawZip([{ name: 'b/' }, b, { name: 'b/' }]),
    gives: { b: null, 'b/c': 'two' },
  },
  { what: 'a folder with contents', archive: rawZip([{ name: 'd/', contents: 'one' }]), gives: { d: null } },
  {
    what: 'a file with something in it',
    archive: rawZip([a, { name: 'a/b', contents: 'two' }]),
    gives: /"a" cannot be written: it is a folder, too/,
  },
  {
    what: 'a file where there is a folder',
    archive: rawZip([{ name: 'a/b', contents: 'two' }, a]),
    gives: /"a" cannot be written: it is a folder, too/,
  },
  {
    what: 'a folder where there is a file',
    archive: rawZip([a, { name: 'a/' }]),
    gives: /"a" cannot be written: it is a folder, too/,
  },

  {
    what: 'a wrong checksum',
    archive: rawZip([{ ...a, checksum: 1 }]),
    gives: /"a" is refused: its checksum is wrong/,
  },
  {
    what: 'a size that is too large, with the right checksum',
    archive: rawZip([
      { ...a, size: 4 },
      { name: 'b', contents: words, ...deflate, size: 1_000 },
    ]),
    gives: { a: 'one', b: words },
  },
  {
    what: 'a size that is too small',
    archive: rawZip([{ ...a, size: 2 }]),
    gives: /"a" is refused: its checksum is wrong/,
  },
  {
    what: 'a size, and no contents',
    archive: rawZip([{ name: 'a', size: 4 }]),
    gives: /"a" is refused: it ends too early/,
    unlikePython: partCouldPass,
  },
  {
    what: 'deflate without an end mark',
    archive: rawZip([{ name: 'a', contents: words, method: 8, packed: endless }]),
    gives: { a: words },
  },
  {
    what: 'deflate with more behind it',
    archive: rawZip([{ name: 'a', contents: words, method: 8, packed: longer }]),
    gives: { a: words },
  },
  {
    what: 'contents that reach into the next member',
    archive: rawZip([{ ...a, packedSize: 5, size: 5 }, b]),
    gives: /"a" is refused: it overlaps what comes after it/,
  },
  {
    what: 'contents that reach into the directory',
    archive: rawZip([{ ...a, packedSize: 5, size: 5 }]),
    gives: /"a" is refused: it overlaps what comes after it/,
  },
  {
    what: 'contents that two members share',
    archive: rawZip([a, { name: 'b', contents: 'one', offset: 0 }]),
    gives: /"b" is refused: it has another name in front of its contents/,
  },
];
