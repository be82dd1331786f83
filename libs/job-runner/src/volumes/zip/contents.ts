import { setImmediate as nextTurn } from 'node:timers/promises';
import { constants, createInflateRaw, createZstdDecompress } from 'node:zlib';
import { why } from '../../wording.ts';
import { ArchiveRefused, readAt, type Archive } from './archive.ts';
import { bunzip2 } from './bunzip2.ts';
import { decodeName } from './decode-name.ts';
import type { Entry } from './directory.ts';
import { EndOfPacked, PackedBytes } from './packed-bytes.ts';
import { unlzma } from './unlzma.ts';
import { zlibOutput } from './zlib-output.ts';

const signature = 0x04034b50;
const headerSize = 30;
const chunkSize = 64 * 1024;

const encryptedFlags = (1 << 0) | (1 << 6);
const patchFlag = 1 << 5;

const stored = 0;
const deflated = 8;
const bzip2 = 12;
const lzma = 14;
const zstandard = 93;

/** Whether unpacking a member takes megabytes of memory, up to 256 MiB of it. */
export const takesMemory = ({ method }: Entry): boolean => method !== stored && method !== deflated;

/**
 * A member's contents, at most as many bytes as the directory says; it may be fewer. A chunk holds until the next one is
 * asked for.
 *
 * @throws ArchiveRefused with what is wrong with the member
 */
export async function* contentsOf(archive: Archive, entry: Entry): AsyncGenerator<Buffer> {
  const start = await contentsStart(archive, entry);
  let left = entry.size;
  if (left === 0) return;
  try {
    for await (const chunk of unpacked(archive, entry, start)) {
      yield chunk.length > left ? chunk.subarray(0, left) : chunk;
      left -= chunk.length;
      if (left <= 0) return;
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!code?.startsWith('Z')) throw error; // not of zlib
    throw new ArchiveRefused(code.startsWith('ZSTD') ? 'its compressed data is damaged' : why(error));
  }
}

async function contentsStart(archive: Archive, entry: Entry): Promise<number> {
  if (entry.flags & encryptedFlags) throw new ArchiveRefused('it is encrypted');
  if (entry.flags & patchFlag) throw new ArchiveRefused('it is a patch and not a file');
  const header = await readAt(archive, entry.offset, headerSize);
  if (header.readUInt32LE(0) !== signature) throw new ArchiveRefused('it is not where the directory says');
  const name = await readAt(archive, entry.offset + headerSize, header.readUInt16LE(26));
  if (decodeName(name, header.readUInt16LE(6)) !== entry.headerName) {
    throw new ArchiveRefused('it has another name in front of its contents');
  }
  const start = entry.offset + headerSize + name.length + header.readUInt16LE(28);
  // Members that share their bytes make a small archive grow without end.
  if (start + entry.packedSize > entry.limit) throw new ArchiveRefused('it overlaps what comes after it');
  return start;
}

function unpacked(archive: Archive, entry: Entry, start: number): AsyncIterable<Buffer> {
  const packed = () => packedChunks(archive, start, entry.packedSize);
  const bytes = () => new PackedBytes(archive, start, entry.packedSize);
  switch (entry.method) {
    case stored:
      return packed();
    case deflated:
      // Data without its end mark is fine where nothing else is missing: the checksum tells.
      return zlibOutput(packed(), entry.size, (chunkSize) =>
        createInflateRaw({ chunkSize, finishFlush: constants.Z_SYNC_FLUSH }),
      );
    case zstandard:
      return zlibOutput(packed(), entry.size, (chunkSize) => createZstdDecompress({ chunkSize }));
    case bzip2:
      return inTurns(bunzip2(bytes()));
    case lzma:
      return inTurns(unlzma(bytes(), entry.size));
    default:
      throw new ArchiveRefused(
        `its compression method ${entry.method} is none of stored, deflate, bzip2, LZMA and Zstandard`,
      );
  }
}

async function* packedChunks(archive: Archive, start: number, length: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(chunkSize, length));
  for (let at = 0; at < length;) {
    const count = await archive.read(buffer.subarray(0, length - at), start + at);
    if (count === 0) throw new ArchiveRefused('it ends too early');
    yield buffer.subarray(0, count);
    at += count;
  }
}

/** Lets everything else go on between two chunks. */
async function* inTurns(chunks: Generator<Buffer>): AsyncGenerator<Buffer> {
  try {
    for (const chunk of chunks) {
      yield chunk;
      await nextTurn();
    }
  } catch (error) {
    if (!(error instanceof EndOfPacked)) throw error;
  }
}
