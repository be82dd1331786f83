import { createHash } from 'node:crypto';
import Docker from 'dockerode';
import { isThere } from './engine.ts';
import { loadOwnImage } from './own-image.ts';
import { sha256 } from './sha256.ts';

/** Another one whenever what is put into it changes. */
const layout = '2';

/**
 * An image with this process's own Node at /usr/local/bin/node, the shared libraries that it needs, and busybox with
 * all its commands in /bin: what an image that builds on node:24-bookworm-slim finds in it, without a network. It is
 * made once per engine and Node, and stays there for the next run.
 *
 * @returns its name with its tag
 */
export async function ensureNodeBase(docker = new Docker()): Promise<string> {
  const recipe = [await sha256(process.execPath), await sha256('/bin/busybox'), layout];
  const hash = createHash('sha256').update(recipe.join()).digest('hex').slice(0, 12);
  const reference = `horde/node:${hash}`;
  if (await isThere(docker, reference)) return reference;
  const config = {
    Env: ['PATH=/usr/local/bin:/bin', `NODE_VERSION=${process.versions.node}`],
    Cmd: ['node'],
  };
  await loadOwnImage(docker, reference, config, (files) => {
    files.users({ node: 1000 });
    files.program(process.execPath, '/usr/local/bin/node');
    files.busybox();
  });
  return reference;
}
