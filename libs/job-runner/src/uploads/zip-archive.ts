import { crc32 } from 'node:zlib';
import type { Contents } from './contents.ts';
import type { OutputFile } from './output-file.ts';

const checkedAtOnce = 512 * 1024;

/** A file and what the archive says of it. */
interface Member {
  file: OutputFile;
  name: Buffer;
  crc: number;
  /** Where its header is, in bytes from the archive's start. */
  at: number;
}

/**
 * A ZIP archive of the files, not compressed, with their modes and times. It exists nowhere: each read puts it together
 * again from the files, so it needs no disk. Checksums and sizes stand before the data, as programs want them that
 * unpack while they receive.
 */
export class ZipArchive implements Contents {
  readonly size: number;
  private readonly members: Member[] = [];
  private readonly directoryAt: number;

  constructor(files: OutputFile[]) {
    let at = 0;
    for (const file of files) {
      const member = { file, name: Buffer.from(file.path), crc: 0, at };
      this.members.push(member);
      at += localHeader(member).length + file.size;
    }
    this.directoryAt = at;
    this.size = at + this.directory().length;
  }

  /**
   * Reads all files once, to learn their checksums; call it before `read`.
   *
   * @throws JobFailure upload_failed
   */
  async prepare(signal: AbortSignal): Promise<void> {
    const memory = Buffer.allocUnsafeSlow(checkedAtOnce);
    for (const member of this.members) {
      for await (const piece of member.file.read(memory)) {
        signal.throwIfAborted();
        member.crc = crc32(piece, member.crc);
      }
    }
  }

  async *read(): AsyncGenerator<Buffer> {
    for (const member of this.members) {
      yield localHeader(member);
      yield* member.file.read();
    }
    yield this.directory();
  }

  private directory(): Buffer {
    const entries = Buffer.concat(this.members.map(directoryEntry));
    return Buffer.concat([entries, endOfDirectory(this.members.length, entries.length, this.directoryAt)]);
  }
}

// The records of PKWARE's APPNOTE 6.3, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16 and 4.5.3. A number that is too large
// for its field reads 0xffffffff there and stands in a Zip64 field.

const madeOnUnix = 3 << 8;
const nameIsUtf8 = 1 << 11;
const storedMethod = 0;
const plainVersion = 20;
const zip64Version = 45;
const tooLarge = 0xffff_ffff;

const u16 = (value: number) => [value & 0xff, value >>> 8];
const u32 = (value: number) => [...u16(value & 0xffff), ...u16(value >>> 16)];
const u64 = (value: number) => [...u32(value % 2 ** 32), ...u32(Math.floor(value / 2 ** 32))];
const capped = (value: number) => u32(Math.min(value, tooLarge));

function zip64(values: number[]): number[] {
  if (values.length === 0) return [];
  return [...u16(0x0001), ...u16(8 * values.length), ...values.flatMap(u64)];
}

/** What both records of a member have in common, from the flags to the length of the name. */
function common({ file, name, crc }: Member): number[] {
  return [
    ...u16(nameIsUtf8),
    ...u16(storedMethod),
    ...dosTime(file.stat.mtime),
    ...u32(crc),
    ...capped(file.size),
    ...capped(file.size),
    ...u16(name.length),
  ];
}

function localHeader(member: Member): Buffer {
  const { size } = member.file;
  const extra = size < tooLarge ? [] : zip64([size, size]);
  const version = extra.length === 0 ? plainVersion : zip64Version;
  const fixed = [...u32(0x0403_4b50), ...u16(version), ...common(member), ...u16(extra.length)];
  return Buffer.concat([Buffer.from(fixed), member.name, Buffer.from(extra)]);
}

function directoryEntry(member: Member): Buffer {
  const { size, stat } = member.file;
  const extra = zip64([size, size, member.at].filter((value) => value >= tooLarge));
  const version = extra.length === 0 ? plainVersion : zip64Version;
  const fixed = [
    ...u32(0x0201_4b50),
    ...u16(madeOnUnix | version),
    ...u16(version),
    ...common(member),
    ...u16(extra.length),
    ...u16(0), // no comment
    ...u16(0), // first disk
    ...u16(0), // not known to be text
    ...u16(0), // no attributes of DOS
    ...u16(stat.mode & 0xffff),
    ...capped(member.at),
  ];
  return Buffer.concat([Buffer.from(fixed), member.name, Buffer.from(extra)]);
}

function endOfDirectory(entries: number, size: number, at: number): Buffer {
  const zip64End = [
    ...u32(0x0606_4b50),
    ...u64(44), // what follows of this record
    ...u16(madeOnUnix | zip64Version),
    ...u16(zip64Version),
    ...u32(0),
    ...u32(0),
    ...u64(entries),
    ...u64(entries),
    ...u64(size),
    ...u64(at),
    // and where it is:
    ...u32(0x0706_4b50),
    ...u32(0),
    ...u64(at + size),
    ...u32(1),
  ];
  const end = [
    ...u32(0x0605_4b50),
    ...u16(0),
    ...u16(0),
    ...u16(entries),
    ...u16(entries),
    ...capped(size),
    ...capped(at),
    ...u16(0),
  ];
  return Buffer.from(at < tooLarge ? end : [...zip64End, ...end]);
}

const earliest = new Date(1980, 0, 1);
const latest = new Date(2107, 11, 31, 23, 59, 58);

/** Time and date of a file, in this machine's zone and two-second steps, within what the format can say. */
function dosTime(time: Date): number[] {
  const at = time < earliest ? earliest : time > latest ? latest : time;
  return [
    ...u16((at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1)),
    ...u16(((at.getFullYear() - 1980) << 9) | ((at.getMonth() + 1) << 5) | at.getDate()),
  ];
}
