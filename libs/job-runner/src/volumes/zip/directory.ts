import { crc32 } from 'node:zlib';
import { ArchiveRefused, readAt, type Archive } from './archive.ts';
import { decodeName, decodeUtf8 } from './decode-name.ts';
import { findDirectory, readUInt64, type DirectoryPlace } from './end-record.ts';

const signature = 0x02014b50;
const headerSize = 46;
const maxEntrySize = headerSize + 3 * 65_535;
/** Bytes of the directory in memory at once. */
const windowSize = 2 * maxEntrySize;
/** A hundred thousand names of 335 bytes; more is somebody filling this machine's memory. */
const maxNamesBytes = 32 * 1024 * 1024;

const zip64Field = 0x0001;
const unicodePathField = 0x7075;

/** A member, by the archive's directory; its own header, in front of its contents, only repeats this. */
export interface Entry {
  /** Up to its first NUL; a folder's ends with `/`. */
  name: string;
  /** The name that its own header has to have, too. */
  headerName: string;
  flags: number;
  method: number;
  crc32: number;
  packedSize: number;
  size: number;
  /** Where its own header begins. */
  offset: number;
  /** Where the next header, or the directory, begins. */
  limit: number;
}

/**
 * Reads the whole directory, so that an archive is known to be sound before anything of it is unpacked. As Python's
 * zipfile it goes by the directory's size and not by the end record's count, which counts modulo 65,536 where macOS
 * wrote it. A count of more members than there are is refused: some are missing.
 *
 * @param onEntry is called with the number of entries so far, before the last is kept; may throw
 */
export async function readDirectory(archive: Archive, onEntry: (count: number) => void): Promise<Entry[]> {
  const place = await findDirectory(archive);
  const entries: Entry[] = [];
  let names = 0;
  for await (const entry of entriesIn(archive, place)) {
    onEntry(entries.length + 1);
    names += entry.name.length;
    if (names > maxNamesBytes) {
      throw new ArchiveRefused(`the names in it are together longer than ${maxNamesBytes} bytes`);
    }
    entries.push(entry);
  }
  if (place.count > entries.length) {
    throw new ArchiveRefused(
      `its end counts ${place.count} files and folders, and its directory has ${entries.length}`,
    );
  }
  return withLimits(entries, place.start);
}

async function* entriesIn(archive: Archive, { start, end, shift }: DirectoryPlace): AsyncGenerator<Entry> {
  let window: Buffer = Buffer.alloc(0);
  let windowStart = start;
  for (let at = start; at < end;) {
    if (at + maxEntrySize > windowStart + window.length && windowStart + window.length < end) {
      windowStart = at;
      window = await readAt(archive, at, Math.min(windowSize, end - at));
    }
    const header = window.subarray(at - windowStart);
    if (header.length < headerSize || header.readUInt32LE(0) !== signature) {
      throw new ArchiveRefused('its directory is damaged');
    }
    const extraAt = headerSize + header.readUInt16LE(28);
    const commentAt = extraAt + header.readUInt16LE(30);
    at += commentAt + header.readUInt16LE(32);
    if (at > end) throw new ArchiveRefused('its directory does not end where its end says');
    yield readEntry(header.subarray(0, commentAt), extraAt, shift);
  }
}

function readEntry(header: Buffer, extraAt: number, shift: number): Entry {
  const flags = header.readUInt16LE(8);
  const rawName = header.subarray(headerSize, extraAt);
  const headerName = decodeName(rawName, flags);
  const entry = {
    headerName,
    flags,
    method: header.readUInt16LE(10),
    crc32: header.readUInt32LE(16),
    packedSize: header.readUInt32LE(20),
    size: header.readUInt32LE(24),
    offset: header.readUInt32LE(42),
    limit: 0,
  };
  let name = headerName;
  for (const { id, data } of extraFields(header.subarray(extraAt))) {
    if (id === zip64Field) readZip64(data, entry);
    if (id === unicodePathField) name = unicodePath(data, rawName) ?? name;
  }
  entry.offset += shift;
  return { ...entry, name: name.split('\0', 1)[0]! };
}

function* extraFields(extra: Buffer): Generator<{ id: number; data: Buffer }> {
  for (let at = 0; at + 4 <= extra.length;) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (end > extra.length) throw new ArchiveRefused('its directory has an extra field without an end');
    yield { id: extra.readUInt16LE(at), data: extra.subarray(at + 4, end) };
    at = end;
  }
}

/** The numbers that do not fit into the header, in this order, each only where it does not. */
function readZip64(data: Buffer, entry: Pick<Entry, 'size' | 'packedSize' | 'offset'>): void {
  let at = 0;
  for (const number of ['size', 'packedSize', 'offset'] as const) {
    if (entry[number] !== 0xffffffff) continue;
    if (at + 8 > data.length) throw new ArchiveRefused('its directory has a ZIP64 field that is too short');
    entry[number] = readUInt64(data, at);
    at += 8;
  }
}

/** Info-ZIP's: the name in UTF-8, beside one in a code page; valid only for exactly that one. */
function unicodePath(data: Buffer, rawName: Buffer): string | null {
  if (data.length < 6 || data[0] !== 1 || data.readUInt32LE(1) !== crc32(rawName)) return null;
  return decodeUtf8(data.subarray(5));
}

function withLimits(entries: Entry[], directoryStart: number): Entry[] {
  const starts = [...new Set(entries.map(({ offset }) => offset))].sort((a, b) => a - b);
  const next = new Map(starts.map((start, index) => [start, starts[index + 1] ?? directoryStart]));
  for (const entry of entries) entry.limit = next.get(entry.offset)!;
  return entries;
}
