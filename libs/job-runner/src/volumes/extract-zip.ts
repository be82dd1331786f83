import path from 'node:path';
import { crc32 } from 'node:zlib';
import yauzl, { type Entry, type ZipFile } from 'yauzl';

import { failures, JobFailure } from '../failures.ts';
import { why } from '../wording.ts';
import { pathBelow } from './relative-path.ts';
import type { Budget, VolumeWriter } from './volume-writer.ts';

/** Entries unpacked at once: small files are mostly waiting for the disk. */
const AT_ONCE = 8;

const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const FOLDER = 0o040000;

/**
 * Unpacks a ZIP archive below `base`. Files and folders only, each inside; sizes are counted as they are written,
 * whatever the archive says of itself.
 *
 * @param open the archive, by `openZip`
 * @throws JobFailure download_failed; the signal's reason on abort
 */
export async function extractZip(
  open: Promise<ZipFile>,
  writer: VolumeWriter,
  base: string[],
  budget: Budget,
  signal: AbortSignal,
): Promise<void> {
  const unreadable = (error: unknown) =>
    error instanceof JobFailure ? error : failures.VOLUME_ARCHIVE_UNREADABLE(budget.source, why(error));
  const zip = await open.catch((error: unknown) => {
    throw unreadable(error);
  });
  const atWork = new Set<Promise<void>>();
  const names = new Set<string>();
  let failed: { error: unknown } | undefined;
  try {
    for await (const entry of zip.eachEntry()) {
      signal.throwIfAborted();
      if (failed) break;
      // Of two members of one name the later one counts; written at once, they would be mixed.
      const name = path.posix.normalize(entry.fileName);
      if (names.has(name)) await Promise.all(atWork);
      names.add(name);
      const work = extractEntry(zip, entry, writer, base, budget, signal)
        .catch((error: unknown) => {
          failed ??= { error };
        })
        .finally(() => atWork.delete(work));
      atWork.add(work);
      if (atWork.size >= AT_ONCE) await Promise.race(atWork);
    }
  } catch (error) {
    failed ??= { error };
  } finally {
    await Promise.all(atWork);
  }
  signal.throwIfAborted();
  if (failed) throw unreadable(failed.error);
}

async function extractEntry(
  zip: ZipFile,
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
    const contents = await zip.openReadStreamPromise(entry);
    let checksum = 0;
    for await (const chunk of contents as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      checksum = crc32(chunk, checksum);
      budget.spendBytes(chunk.length);
      await file.writeFile(chunk); // appends: it writes on from where the last one ended
    }
    if (checksum !== entry.crc32) throw refuse('its checksum is wrong');
  } finally {
    await file.close();
  }
}

/** Opens an archive in memory, or in an open file, which stays the caller's: the archive must not be closed. */
export function openZip(archive: number | Buffer): Promise<ZipFile> {
  return typeof archive === 'number'
    ? yauzl.fromFdPromise(archive, { autoClose: false })
    : yauzl.fromBufferPromise(archive);
}
