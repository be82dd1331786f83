import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';

export interface Unzipped {
  name: string;
  contents: Buffer;
  mode: number;
  modified: Date;
}

/** The members of a ZIP archive in the order of its directory; fails when what it says of one is not so. */
export async function unzip(archive: Buffer): Promise<Unzipped[]> {
  // Names as they stand: the reader's own check refuses some that are files on Linux.
  const zip = await yauzl.fromBufferPromise(archive, { lazyEntries: true, decodeStrings: false });
  const members: Unzipped[] = [];
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileNameRaw.toString();
    const header = await zip.readLocalFileHeaderPromise(entry);
    const contents = await buffer(await zip.openReadStreamPromise(entry));
    if (crc32(contents) !== entry.crc32) throw new Error(`${name}: wrong checksum`);
    for (const fact of ['crc32', 'compressedSize', 'uncompressedSize', 'lastModFileTime'] as const) {
      if (header[fact] !== entry[fact]) throw new Error(`${name}: its two headers differ in ${fact}`);
    }
    if (header.fileName.toString() !== name) throw new Error(`${name}: its two headers differ in its name`);
    members.push({
      name,
      contents,
      mode: entry.externalFileAttributes >>> 16,
      modified: entry.getLastModDate(),
    });
  }
  return members;
}
