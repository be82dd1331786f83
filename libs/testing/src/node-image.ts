import Docker from 'dockerode';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { throwOnError } from '@horde/job-runner';

const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
/** Another one whenever `fill` changes. */
const layout = '1';
/** Same names, dates and owners: the same bytes for the same files. */
const tarOptions = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];

/**
 * An image with this process's own Node at /usr/local/bin/node, the shared libraries that it needs, and busybox with
 * all its commands in /bin: what an image that builds on node:24-bookworm-slim finds in it, without a network. It is
 * made once per engine and Node, and stays there for the next run.
 *
 * @returns its name with its tag
 */
export async function ensureNodeImage(docker = new Docker()): Promise<string> {
  const recipe = [await sha256(process.execPath), await sha256('/bin/busybox'), layout];
  const hash = createHash('sha256').update(recipe.join()).digest('hex').slice(0, 12);
  const reference = `horde-test/node:${hash}`;
  const there = await docker
    .getImage(reference)
    .inspect()
    .catch(() => null);
  if (!there) await load(docker, reference);
  return reference;
}

/** Loaded and not imported: of those who load it at the same time, all make the same image. */
async function load(docker: Docker, reference: string): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-node-image-'));
  try {
    fill(path.join(folder, 'root'));
    const layer = path.join(folder, 'layer.tar');
    execFileSync('tar', [...tarOptions, '-c', '-f', layer, '-C', path.join(folder, 'root'), '.']);
    rmSync(path.join(folder, 'root'), { recursive: true });
    const config = JSON.stringify({
      architecture,
      os: 'linux',
      created: '1970-01-01T00:00:00Z',
      config: { Env: ['PATH=/usr/local/bin:/bin'], Cmd: ['node'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${await sha256(layer)}`] },
    });
    const name = `${createHash('sha256').update(config).digest('hex')}.json`;
    await writeFile(path.join(folder, name), config);
    const manifest = [{ Config: name, RepoTags: [reference], Layers: ['layer.tar'] }];
    await writeFile(path.join(folder, 'manifest.json'), JSON.stringify(manifest));
    const tar = spawn('tar', [...tarOptions, '-c', '-C', folder, '.'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await throwOnError((await docker.loadImage(tar.stdout)) as AsyncIterable<Buffer>);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function fill(root: string): void {
  for (const inside of ['bin', 'etc', 'tmp', 'usr/local/bin']) {
    mkdirSync(path.join(root, inside), { recursive: true, mode: 0o755 });
  }
  chmodSync(path.join(root, 'tmp'), 0o1777);
  writeFileSync(path.join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  const node = realpathSync(process.execPath);
  copyFileSync(node, path.join(root, 'usr/local/bin/node'));
  const libraries = execFileSync('/usr/bin/ldd', [node], { encoding: 'utf8' }).matchAll(
    /(?<file>\/\S+) \(0x/g,
  );
  for (const { groups } of libraries) {
    const file = groups!['file']!;
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true, mode: 0o755 });
    copyFileSync(file, path.join(root, file)); // of a link its target, under the link's name
  }
  copyFileSync('/bin/busybox', path.join(root, 'bin/busybox'));
  for (const applet of execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
    if (applet !== 'busybox') symlinkSync('busybox', path.join(root, 'bin', applet));
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
