import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { JobFolders, JobSpec } from './runner.ts';

/** Where a job sees `JobSpec.script`. */
export const scriptPath = '/script.py';

/** Where this machine has it: beside the folders that the job can write to. */
export function scriptFile(folders: JobFolders): string {
  return path.join(folders.root, 'script.py');
}

/** Puts the job's script, if it has one, where `scriptFile` says. */
export async function writeScript(spec: JobSpec, folders: JobFolders): Promise<void> {
  if (spec.script !== null) await writeFile(scriptFile(folders), spec.script, { mode: 0o644 });
}

/** The job's command; where it has a script and no command, ComputeHorde's `python /script.py`. */
export function jobCommand(spec: JobSpec): string[] {
  return spec.script !== null && spec.command.length === 0 ? ['python', scriptPath] : spec.command;
}
