import Docker from 'dockerode';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';

const docker = new Docker();

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
