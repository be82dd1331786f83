import { access, constants, mkdir } from 'node:fs/promises';
import { UsageError } from '../usage-error.ts';

/** Makes the folder that files are saved in: that it cannot be used is to be known before a job is paid for. @throws UsageError */
export async function makeSaveFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`--save ${folder}: no files can be written there (${code}).`);
  }
}
