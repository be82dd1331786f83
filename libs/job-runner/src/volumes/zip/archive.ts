import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

/** What is wrong with an archive, as the end of a sentence about it. */
export class ArchiveRefused extends Error {
  override readonly name = 'ArchiveRefused';
}

/** The bytes of an archive, in a file or in memory. Reading past the end gives 0 bytes. */
export interface Archive {
  /** In bytes. */
  size: number;
  /** Fills a part of the buffer from a position on. @returns the number of bytes */
  read(buffer: Buffer, position: number): Promise<number>;
  /** As `read`, for decoders that cannot wait; an archive is on the local disk. */
  readSync(buffer: Buffer, position: number): number;
}

/** @param source the file stays the caller's */
export async function openArchive(source: FileHandle | Buffer): Promise<Archive> {
  if (Buffer.isBuffer(source)) {
    const copy = (buffer: Buffer, position: number) =>
      position < source.length ? source.copy(buffer, 0, position) : 0;
    return { size: source.length, read: async (...to) => copy(...to), readSync: copy };
  }
  const { size } = await source.stat();
  return {
    size,
    read: async (buffer, position) => (await source.read(buffer, 0, buffer.length, position)).bytesRead,
    readSync: (buffer, position) => readSync(source.fd, buffer, 0, buffer.length, position),
  };
}

/** @throws ArchiveRefused where the archive has no such bytes */
export async function readAt(archive: Archive, position: number, length: number): Promise<Buffer> {
  if (!(position >= 0 && position + length <= archive.size)) throw new ArchiveRefused('it ends too early');
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length;) {
    const count = await archive.read(bytes.subarray(at), position + at);
    if (count === 0) throw new ArchiveRefused('it ends too early');
    at += count;
  }
  return bytes;
}
