import type { JobResult } from '../job-result.ts';
import { writeBelow, type SavedFiles } from './write-below.ts';

/**
 * Writes a result into a folder: `stdout`, `stderr`, and each artifact at its path in the container, such as
 * `artifacts/model.bin`. Files that were there before are replaced, but no artifact replaces another, and whatever the
 * network says they are called leads to no place outside of the folder.
 *
 * @throws HordeClientError NOT_SAVED when a file cannot be written
 */
export const saveResult = (
  { stdout, stderr, artifacts }: Pick<JobResult, 'stdout' | 'stderr' | 'artifacts'>,
  folder: string,
): Promise<SavedFiles> =>
  writeBelow(
    folder,
    [['stdout', stdout] as const, ['stderr', stderr] as const, ...artifacts].map(([name, contents]) => ({
      name,
      at: name,
      contents,
    })),
  );

/**
 * Writes artifacts into a folder as `saveResult` does, but with their paths below the artifacts folder: `/artifacts/a/b` is
 * `a/b`.
 *
 * @param artifactsDir the job's
 * @throws HordeClientError NOT_SAVED when a file cannot be written
 */
export function saveArtifacts(
  artifacts: ReadonlyMap<string, Uint8Array>,
  folder: string,
  artifactsDir = '/artifacts',
): Promise<SavedFiles> {
  const above = `${artifactsDir.replace(/\/+$/, '')}/`;
  const below = (name: string) => (name.startsWith(above) ? name.slice(above.length) : name);
  const files = [...artifacts].map(([name, contents]) => ({ name, at: below(name), contents }));
  return writeBelow(folder, files);
}
