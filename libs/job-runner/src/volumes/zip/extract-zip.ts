import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { failures } from '../../failures.ts';
import type { Budget } from '../budget.ts';
import { pathBelow } from '../relative-path.ts';
import type { VolumeWriter } from '../volume-writer.ts';
import { openArchive, ArchiveRefused, type Archive } from './archive.ts';
import { contentsOf, takesMemory } from './contents.ts';
import { readDirectory, type Entry } from './directory.ts';

/** Members unpacked at once: small files are mostly waiting for the disk. */
const maxAtOnce = 8;

/**
 * Unpacks a ZIP archive below `base`, as Python's zipfile does: members whose names end with `/` are folders, all others
 * files, links and devices among them; names stay below the folder, as their empty, `.` and `..` parts are left out; of
 * members of one name the last one counts. Sizes are counted as they are written, whatever the archive says of itself.
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
  const archive = await openArchive(source);
  budget.unpacking(archive.size);
  const entries = await readDirectory(archive, (count) => {
    signal.throwIfAborted();
    budget.expectEntries(count);
  }).catch((error: unknown) => {
    throw error instanceof ArchiveRefused
      ? failures.VOLUME_ARCHIVE_UNREADABLE(budget.source, error.message)
      : error;
  });
  const atWork = new Map<string, Promise<void>>();
  let failed: { error: unknown } | undefined;
  try {
    for (const entry of lastOfEachName(entries)) {
      signal.throwIfAborted();
      if (failed) break;
      const below = memberPath(entry, budget);
      const path = below.join('/');
      await atWork.get(path); // written at once, two members of one path would be mixed
      const work = extractMember(archive, entry, writer, [...base, ...below], budget, signal)
        .catch((error: unknown) => {
          failed ??= { error };
        })
        .finally(() => atWork.delete(path));
      atWork.set(path, work);
      if (takesMemory(entry)) await work;
      if (atWork.size >= maxAtOnce) await Promise.race(atWork.values());
    }
  } catch (error) {
    failed ??= { error };
  } finally {
    await Promise.all(atWork.values());
  }
  signal.throwIfAborted();
  if (failed) throw failed.error;
}

/** In the order in which the last ones come: of names that lead to one path, the last one counts, too. */
function lastOfEachName(entries: Entry[]): Iterable<Entry> {
  const members = new Map<string, Entry>();
  for (const entry of entries) {
    members.delete(entry.name);
    members.set(entry.name, entry);
  }
  return members.values();
}

function memberPath(entry: Entry, budget: Budget): string[] {
  const parts = entry.name.split('/').filter((part) => part !== '..');
  const below = pathBelow(parts.filter(Boolean).join('/'));
  if ('refused' in below) throw failures.VOLUME_ENTRY_REFUSED(budget.source, entry.name, below.refused);
  return below;
}

async function extractMember(
  archive: Archive,
  entry: Entry,
  writer: VolumeWriter,
  path: string[],
  budget: Budget,
  signal: AbortSignal,
): Promise<void> {
  const refuse = (reason: string) => failures.VOLUME_ENTRY_REFUSED(budget.source, entry.name, reason);
  if (entry.name.endsWith('/')) return writer.makeFolder(path, budget);
  if (path.length === 0) throw refuse('it has no name');
  const file = await writer.makeFile(path, budget);
  try {
    let checksum = 0;
    for await (const chunk of contentsOf(archive, entry)) {
      signal.throwIfAborted();
      checksum = crc32(chunk, checksum);
      budget.spendBytes(chunk.length);
      await file.append(chunk);
    }
    // As zipfile, a wrong size alone is let pass: the checksum shows that all is there. None shows what nothing lacks.
    if (checksum !== entry.crc32 || (file.size === 0 && entry.size > 0)) {
      throw refuse(file.size < entry.size ? 'it ends too early' : 'its checksum is wrong');
    }
  } catch (error) {
    throw error instanceof ArchiveRefused ? refuse(error.message) : error;
  } finally {
    await file.close();
  }
}
