import { mkdtemp, rmdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fail, ok, type Finding } from '@horde/commands';
import type { MinerSettings } from '../settings.ts';

/** Looks at whether this user may write where the miner and its executors write. */
export async function checkFolders(
  settings: MinerSettings,
  environment: Record<string, string | undefined>,
): Promise<Finding[]> {
  const folders = [
    ['LOCAL_RECEIPTS_ROOT', settings.receiptsRoot],
    ['EXECUTOR_LOG_FOLDER', settings.executorLogFolder],
    ['JOB_FOLDER', environment['JOB_FOLDER'] ?? tmpdir()],
  ] as const;
  const problems = await Promise.all(
    folders.map(async ([name, folder]) => (folder === undefined ? null : problemOf(name, folder))),
  );
  const found = problems.filter((problem) => problem !== null);
  return found.length > 0 ? found : [ok('permissions', 'The folders of the miner can be written to.')];
}

async function problemOf(name: string, folder: string): Promise<Finding | null> {
  const place = await nearest(path.resolve(folder));
  const whole = place === path.resolve(folder);
  if (!whole && name === 'JOB_FOLDER')
    return fail(
      'permissions',
      `There is no folder ${folder} (JOB_FOLDER), and no executor makes it.`,
      `Run: mkdir -p ${folder}`,
    );
  const what = whole ? place : `${place}, where ${name} (${folder}) is to be made`;
  try {
    if (!(await stat(place)).isDirectory())
      return fail('permissions', `${place} is no folder.`, `Set ${name} to a folder.`);
    // Tried, not asked for: root may do everything, but not every file system takes it.
    await rmdir(await mkdtemp(path.join(place, '.horde-doctor-')));
    return null;
  } catch {
    const fix = `Give this user (id ${process.getuid!()}) the right to write there, or set ${name} to another folder.`;
    return fail('permissions', `This user cannot write to ${what}.`, fix);
  }
}

/** The folder, or the nearest above it that is there. */
async function nearest(folder: string): Promise<string> {
  for (let at = folder; ; at = path.dirname(at)) {
    const there = await stat(at).then(
      () => true,
      () => false,
    );
    if (there || at === path.dirname(at)) return at;
  }
}
