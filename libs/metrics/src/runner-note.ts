import { readFile } from 'node:fs/promises';

/** Of a longer note the rest is left out. @unit characters */
const longest = 1_000;

/** @throws Error with what the runner has noted there for an operator, where it has */
export async function readRunnerNote(file: string): Promise<void> {
  const note = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  if (note.trim() !== '') throw new Error(note.trim().slice(0, longest));
}
