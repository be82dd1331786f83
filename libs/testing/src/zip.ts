import { buffer } from 'node:stream/consumers';
import yazl from 'yazl';

export interface ZipMember {
  /** A folder where it ends with a slash. */
  name: string;
  contents?: string | Buffer;
  /** File type and permissions. */
  mode?: number;
  /** Not compressed. */
  store?: boolean;
}

/** Where a member's name stands after the start of its header, by the header's signature. */
const nameAt = { 'PK\x03\x04': 30, 'PK\x01\x02': 46 };

/**
 * A ZIP archive of anything, harmful names included: the archiver refuses those, so each member gets a harmless name
 * of the same length, which is replaced in the finished archive.
 */
export async function zip(members: ZipMember[]): Promise<Buffer> {
  const archive = new yazl.ZipFile();
  for (const { name, contents, mode, store } of members) {
    if (name.endsWith('/')) archive.addEmptyDirectory(name);
    else
      archive.addBuffer(Buffer.from(contents ?? ''), 'x'.repeat(Buffer.byteLength(name)), {
        ...(mode && { mode }),
        compress: !store,
      });
  }
  archive.end();
  const bytes = await buffer(archive.outputStream);
  for (const [signature, offset] of Object.entries(nameAt)) {
    let at = 0;
    for (const { name } of members) {
      at = bytes.indexOf(signature, at);
      bytes.write(name, at + offset);
      at += offset;
    }
  }
  return bytes;
}
