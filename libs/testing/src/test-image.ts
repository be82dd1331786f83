import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';
import { throwOnError } from '@horde/job-runner';

export interface TestImage {
  docker: Docker;
  reference: string;
  remove(): Promise<void>;
}

/**
 * A small image under a name of its own: the machine's static busybox with all its commands.
 *
 * @param programs the contents of more programs, by their names in the root folder
 * @param docker the engine that has it @default this machine's
 */
export async function makeTestImage(
  programs: Record<string, string> = {},
  docker = new Docker(),
): Promise<TestImage> {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-test-image-'));
  try {
    chmodSync(folder, 0o755); // becomes the container's root folder
    for (const inside of ['bin', 'etc', 'tmp']) mkdirSync(path.join(folder, inside));
    chmodSync(path.join(folder, 'tmp'), 0o1777);
    copyFileSync('/bin/busybox', path.join(folder, 'bin/busybox'));
    const applets = execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n');
    for (const applet of applets)
      if (applet !== 'busybox') symlinkSync('busybox', path.join(folder, 'bin', applet));
    for (const [name, contents] of Object.entries(programs))
      writeFileSync(path.join(folder, name), contents, { mode: 0o755 });
    const repo = 'horde-test/busybox';
    const tag = randomBytes(6).toString('hex');
    const tar = spawn('tar', ['-c', '-C', folder, '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await throwOnError((await docker.importImage(tar.stdout, { repo, tag })) as AsyncIterable<Buffer>);
    const reference = `${repo}:${tag}`;
    return { docker, reference, remove: () => docker.getImage(reference).remove({ force: true }) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
