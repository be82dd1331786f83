import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** SQLite's code for a file that another connection has locked. */
const busy = 5;

/**
 * Takes a folder for this process alone. The lock is that of an empty SQLite file in it, `lock`, which the system takes
 * back when the process ends, however it ends; nobody has to guess whether a lock is left over.
 * @returns what gives it back, once or more often; null when somebody else has it
 */
export function lockFolder(folder: string): (() => void) | null {
  const file = new DatabaseSync(path.join(folder, 'lock'));
  try {
    file.exec('pragma journal_mode = memory; begin exclusive');
    return () => {
      if (file.isOpen) file.close();
    };
  } catch (error) {
    file.close();
    if ((error as { errcode?: number }).errcode === busy) return null;
    throw error;
  }
}
