import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type Docker from 'dockerode';

/** A folder of an image, file by file: mode and digest by its place. */
export async function filesOf(docker: Docker, image: string, inside: string): Promise<Map<string, string>> {
  const container = await docker.createContainer({ Image: image, Entrypoint: ['none'] });
  const folder = await mkdtemp(path.join(tmpdir(), 'horde-image-files-'));
  try {
    const archive = path.join(folder, 'files.tar');
    await pipeline(await container.getArchive({ path: inside }), createWriteStream(archive));
    const root = path.join(folder, 'files');
    await mkdir(root);
    await promisify(execFile)('tar', ['-x', '-p', '-f', archive, '-C', root]);
    const files = new Map<string, string>();
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = path.join(entry.parentPath, entry.name);
      const digest = createHash('sha256')
        .update(await readFile(file))
        .digest('hex');
      const place = path.join(path.dirname(inside), path.relative(root, file));
      files.set(place, `${((await stat(file)).mode & 0o7777).toString(8)} ${digest}`);
    }
    return files;
  } finally {
    await container.remove();
    await rm(folder, { recursive: true });
  }
}
