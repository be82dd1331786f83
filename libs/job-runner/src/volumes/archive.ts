import type { FileHandle } from 'node:fs/promises';
import yauzl, { type Entry, type ZipFile } from 'yauzl';

const CHUNK = 64 * 1024;

/** A ZIP archive: its index by the library, its contents by our own reads, which need no streams that can be lost. */
export interface Archive {
  zip: ZipFile;
  /** In bytes. */
  size: number;
  /** Fills a part of the buffer from a position in the archive. @returns the number of bytes; 0: at the end */
  read(buffer: Buffer, position: number): Promise<number>;
}

/** Opens an archive in memory, or in an open file, which stays the caller's. */
export async function openZip(source: FileHandle | Buffer): Promise<Archive> {
  if (Buffer.isBuffer(source)) {
    const zip = await yauzl.fromBufferPromise(source);
    const read = async (buffer: Buffer, position: number) => source.copy(buffer, 0, position);
    return { zip, size: zip.fileSize, read };
  }
  const zip = await yauzl.fromFdPromise(source.fd, { autoClose: false });
  const read = async (buffer: Buffer, position: number) =>
    (await source.read(buffer, 0, buffer.length, position)).bytesRead;
  return { zip, size: zip.fileSize, read };
}

/** A member's bytes as they are in the archive, in chunks that hold until the next one is asked for. */
export async function* packedBytes({ zip, read }: Archive, entry: Entry): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK, entry.compressedSize));
  const start = await dataStart(zip, entry);
  for (let at = 0; at < entry.compressedSize;) {
    const count = await read(buffer.subarray(0, entry.compressedSize - at), start + at);
    if (count === 0) throw new Error('it ends too early');
    yield buffer.subarray(0, count);
    at += count;
  }
}

function dataStart(zip: ZipFile, entry: Entry): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  zip.readLocalFileHeader(entry, { minimal: true }, (error, header) =>
    error ? reject(error) : resolve(header.fileDataStart),
  );
  return promise;
}
