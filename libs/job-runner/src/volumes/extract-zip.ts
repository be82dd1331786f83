import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import type { Entry } from 'yauzl';

import { failures, JobFailure } from '../failures.ts';
import { why } from '../wording.ts';
import { openZip, packedBytes, type Archive } from './archive.ts';
import type { Budget } from './budget.ts';
import { inflated } from './inflate.ts';
import { pathBelow } from './relative-path.ts';
import type { VolumeWriter } from './volume-writer.ts';

/** Entries unpacked at once: small files are mostly waiting for the disk. */
const AT_ONCE = 8;

const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const FOLDER = 0o040000;

const DEFLATED = 8;

/** The least that a member takes in an archive besides its contents and names: a header there, one in the index. */
const HEADERS = 30 + 46;

/**
 * Unpacks a ZIP archive below `base`. Files and folders only, each inside; sizes are counted as they are written,
 * whatever the archive says of itself. Members of one name: the last one counts.
 *
 * @throws JobFailure download_failed; the signal's reason on abort
 */
export async function extractZip(
  source: FileHandle | Buffer,
  writer: VolumeWriter,
  base: string[],
  budget: Budget,
  signal: AbortSignal,
): Promise<void> {
  const unreadable = (error: unknown) =>
    error instanceof JobFailure ? error : failures.VOLUME_ARCHIVE_UNREADABLE(budget.source, why(error));
  const archive = await openZip(source).catch((error: unknown) => {
    throw unreadable(error);
  });
  const { size } = archive;
  budget.unpacking(size);
  const atWork = new Map<string, Promise<void>>();
  let claimed = 0;
  let failed: { error: unknown } | undefined;
  try {
    for await (const entry of archive.zip.eachEntry()) {
      signal.throwIfAborted();
      if (failed) break;
      // Members that share their bytes make a small archive grow without end.
      claimed += HEADERS + 2 * entry.fileNameLength + entry.compressedSize;
      if (claimed > size) throw new Error('its members overlap');
      const name = path.posix.normalize(entry.fileName);
      await atWork.get(name); // written at once, two members of one name would be mixed
      const work = extractEntry(archive, entry, writer, base, budget, signal)
        .catch((error: unknown) => {
          failed ??= { error };
        })
        .finally(() => atWork.delete(name));
      atWork.set(name, work);
      if (atWork.size >= AT_ONCE) await Promise.race(atWork.values());
    }
  } catch (error) {
    failed ??= { error };
  } finally {
    await Promise.all(atWork.values());
  }
  signal.throwIfAborted();
  if (failed) throw unreadable(failed.error);
}

async function extractEntry(
  archive: Archive,
  entry: Entry,
  writer: VolumeWriter,
  base: string[],
  budget: Budget,
  signal: AbortSignal,
): Promise<void> {
  const refuse = (reason: string) => failures.VOLUME_ENTRY_REFUSED(budget.source, entry.fileName, reason);
  const below = pathBelow(entry.fileName);
  if ('refused' in below) throw refuse(below.refused);
  const type = (entry.externalFileAttributes >>> 16) & FILE_TYPE;
  if (type !== 0 && type !== REGULAR && type !== FOLDER) throw refuse('it is neither a file nor a folder');
  if (entry.fileName.endsWith('/')) return writer.makeFolder([...base, ...below], budget);
  if (below.length === 0) throw refuse('it has no name');
  if (entry.isEncrypted()) throw refuse('it is encrypted');
  if (!entry.canDecodeFileData()) throw refuse('its compression is neither "deflate" nor "store"');
  const file = await writer.makeFile([...base, ...below], budget);
  try {
    const packed = packedBytes(archive, entry);
    const contents = entry.compressionMethod === DEFLATED ? inflated(packed, entry.uncompressedSize) : packed;
    let checksum = 0;
    for await (const chunk of contents) {
      signal.throwIfAborted();
      checksum = crc32(chunk, checksum);
      budget.spendBytes(chunk.length);
      await file.append(chunk);
    }
    if (file.size !== entry.uncompressedSize) throw refuse('its size is wrong');
    if (checksum !== entry.crc32) throw refuse('its checksum is wrong');
  } finally {
    await file.close();
  }
}
