import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import type { InputFolder } from '../folder.ts';

/** Writes the folder's files as a ZIP archive. Returns its size. @unit bytes */
export async function zipFolder({ folder, files }: InputFolder, target: string): Promise<number> {
  const zip = new ZipFile();
  // A file that vanishes while it is read would otherwise be an unhandled event.
  const failed = new Promise<never>((_resolve, reject) => zip.on('error', reject));
  for (const file of files) zip.addFile(path.join(folder, file.path), file.path, { compress: true });
  zip.end();
  const out = createWriteStream(target, { mode: 0o600 });
  await Promise.race([pipeline(zip.outputStream, out), failed]);
  return out.bytesWritten;
}
