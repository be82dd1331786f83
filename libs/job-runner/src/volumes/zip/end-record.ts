import { ArchiveRefused, readAt, type Archive } from './archive.ts';

const signatures = {
  end: Buffer.from('PK\x05\x06'),
  end64: Buffer.from('PK\x06\x06'),
  locator64: Buffer.from('PK\x06\x07'),
};
const endSize = 22;
const locator64Size = 20;
const end64Size = 56;
/** A comment may stand behind the end record; whatever stands there instead may be as long. */
const maxBehind = 65_536;

/** Where an archive's directory is, by its end record. */
export interface DirectoryPlace {
  start: number;
  /** The first byte behind it. */
  end: number;
  /** What the end record counts; below 65,536 in an archive that is not ZIP64, whatever it holds. */
  count: number;
  zip64: boolean;
  /** Bytes before the archive that its own positions do not know of. */
  shift: number;
}

/**
 * Finds the directory as Python's zipfile does: the last end record in the file's last 64 KiB counts, the directory
 * stands right before it and is as long as it says; where it says that the directory begins only tells how much stands
 * before the archive.
 */
export async function findDirectory(archive: Archive): Promise<DirectoryPlace> {
  const tailStart = Math.max(0, archive.size - maxBehind - endSize);
  const tail = await readAt(archive, tailStart, archive.size - tailStart);
  const at = tail.length < endSize ? -1 : tail.lastIndexOf(signatures.end, tail.length - endSize);
  if (at < 0) throw new ArchiveRefused('it is no ZIP archive, or its end is missing');
  const record = tail.subarray(at, at + endSize);
  const found = (await zip64Place(archive, tailStart + at)) ?? {
    count: record.readUInt16LE(10),
    size: record.readUInt32LE(12),
    offset: record.readUInt32LE(16),
    end: tailStart + at,
    zip64: false,
  };
  const { count, size, offset, end, zip64 } = found;
  const start = end - size;
  if (start < 0) throw new ArchiveRefused('its directory is larger than the archive');
  return { start, end, count, zip64, shift: start - offset };
}

async function zip64Place(archive: Archive, endAt: number) {
  const locatorAt = endAt - locator64Size;
  if (locatorAt < 0) return null;
  const locator = await readAt(archive, locatorAt, locator64Size);
  if (!locator.subarray(0, 4).equals(signatures.locator64)) return null;
  if (locator.readUInt32LE(4) !== 0 || locator.readUInt32LE(16) > 1) {
    throw new ArchiveRefused('it is one part of several');
  }
  // Right before its locator, unless something stands between them; then where the locator says.
  for (const end of [locatorAt - end64Size, readUInt64(locator, 8)]) {
    if (end < 0 || end + end64Size > locatorAt) continue;
    const record = await readAt(archive, end, end64Size);
    if (!record.subarray(0, 4).equals(signatures.end64)) continue;
    return {
      count: readUInt64(record, 32),
      size: readUInt64(record, 40),
      offset: readUInt64(record, 48),
      end,
      zip64: true,
    };
  }
  return null;
}

/** Inexact above 2^53, where no archive has anything. */
export function readUInt64(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}
