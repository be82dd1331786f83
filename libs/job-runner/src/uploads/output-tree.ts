import { isUtf8 } from 'node:buffer';
import { lstat, type FileHandle } from 'node:fs/promises';
import { failures, JobFailure } from '../failures.ts';
import { entryOf, namesIn, openFolder } from '../inside.ts';
import { why } from '../wording.ts';
import { OutputFile } from './output-file.ts';

/** ComputeHorde's limits. */
const maxFiles = 1000;
const maxDepth = 100;

/**
 * All regular files in a job's output folder and below, sorted by path. Links, FIFOs, sockets and devices are left out
 * unread; folders count only for what is in them.
 *
 * @param except paths of files that are left out
 * @throws JobFailure upload_failed for more than 1000 files, folders more than 100 deep, a name that is not UTF-8, or
 *   what cannot be read
 */
export async function listOutput(
  folder: string,
  except: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<OutputFile[]> {
  const files: OutputFile[] = [];

  const visit = async (path: string, parent: FileHandle, depth: number) => {
    for await (const name of namesIn(parent)) {
      signal.throwIfAborted();
      if (!isUtf8(name)) throw failures.UPLOAD_PATH_REFUSED(path + name.toString(), 'its name is not UTF-8');
      const inside = path + name.toString();
      const entry = entryOf(parent, name);
      try {
        const stat = await lstat(entry);
        if (stat.isDirectory()) {
          if (depth === maxDepth) throw tooDeep(inside);
          const child = await openFolder(entry);
          await visit(`${inside}/`, child, depth + 1).finally(() => child.close());
        } else if (stat.isFile() && !except.has(inside)) {
          if (files.length === maxFiles) throw failures.UPLOAD_TOO_MANY_FILES(maxFiles);
          files.push(new OutputFile(folder, inside, stat));
        }
      } catch (error) {
        if (error instanceof JobFailure || signal.aborted) throw error;
        throw failures.UPLOAD_FILE_UNREADABLE(inside, why(error));
      }
    }
  };

  const root = await openFolder(folder).catch((error: unknown) => {
    throw failures.UPLOAD_FILE_UNREADABLE('.', why(error));
  });
  await visit('', root, 0).finally(() => root.close());
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function tooDeep(path: string): JobFailure {
  const short = `${path.slice(0, 60)}…`;
  return failures.UPLOAD_PATH_REFUSED(short, `folders are nested more than ${maxDepth} deep`);
}
