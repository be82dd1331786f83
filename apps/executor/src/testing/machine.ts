import Docker from 'dockerode';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';

const docker = new Docker();

/**
 * An image with a shell in it, under a name of its own: the machine's static busybox.
 *
 * @param programs the contents of more programs, by their names in the root folder
 */
export async function makeImage(
  programs: Record<string, string> = {},
): Promise<{ reference: string; remove: () => Promise<void> }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-executor-image-'));
  try {
    chmodSync(folder, 0o755); // becomes the container's root folder
    mkdirSync(path.join(folder, 'bin'));
    copyFileSync('/bin/busybox', path.join(folder, 'bin/busybox'));
    for (const applet of ['sh', 'cat', 'echo', 'sha256sum', 'sleep', 'tee', 'touch', 'true'])
      execFileSync('ln', ['-s', 'busybox', path.join(folder, 'bin', applet)]);
    for (const [name, contents] of Object.entries(programs))
      writeFileSync(path.join(folder, name), contents, { mode: 0o755 });
    const repo = 'horde-test/executor';
    const tag = randomBytes(6).toString('hex');
    const tar = spawn('tar', ['-c', '-C', folder, '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const events = await docker.importImage(tar.stdout, { repo, tag });
    for await (const line of events) if (String(line).includes('"error"')) throw new Error(String(line));
    const reference = `${repo}:${tag}`;
    return { reference, remove: async () => void (await docker.getImage(reference).remove({ force: true })) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The containers of a job that are there, running or not. */
export async function containersOf(jobUuid: string): Promise<Docker.ContainerInfo[]> {
  return docker.listContainers({ all: true, filters: { label: [`horde.job=${jobUuid}`] } });
}

// One for all tests of a file: this machine is checked once for them, and the folder remembers it.
const jobFolder = mkdtempSync(path.join(tmpdir(), 'horde-executor-test-'));
afterAll(() => rmSync(jobFolder, { recursive: true, force: true }));

/** A folder for the folders of jobs; what is remembered there for the next executor does not count as left. */
export function makeJobFolder(): { path: string; left: () => string[] } {
  const left = () => readdirSync(jobFolder).filter((name) => !name.startsWith('horde-preflight-'));
  return { path: jobFolder, left };
}

/** Resolves when a job's container has started. */
export async function containerRuns(jobUuid: string): Promise<void> {
  const filters = { event: ['start'], label: [`horde.job=${jobUuid}`] };
  const events = (await docker.getEvents({ filters })) as NodeJS.ReadableStream & { destroy(): void };
  const started = new Promise<void>((resolve) => events.once('data', () => resolve()));
  const already = (await containersOf(jobUuid)).some(({ State }) => State === 'running');
  if (!already) await started;
  events.destroy();
}
