import { spawn } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type Docker from 'dockerode';
import { throwOnError } from '@horde/job-runner';

const reference = { repo: 'horde-bench/busybox', tag: 'latest' };

/** A small image with a shell: this machine's static busybox. */
export async function ensureBusyboxImage(docker: Docker): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'horde-bench-image-'));
  try {
    await chmod(folder, 0o755);
    await mkdir(path.join(folder, 'bin'));
    await copyFile('/bin/busybox', path.join(folder, 'bin/busybox'));
    for (const applet of ['sh', 'true', 'sleep', 'yes', 'head'])
      await symlink('busybox', path.join(folder, 'bin', applet));
    const tar = spawn('tar', ['-c', '-C', folder, '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const events = await docker.importImage(tar.stdout, reference);
    await throwOnError(events as AsyncIterable<Buffer>);
    return `${reference.repo}:${reference.tag}`;
  } finally {
    await rm(folder, { recursive: true });
  }
}
