import { existsSync, readdirSync, readFileSync, watch } from 'node:fs';
import path from 'node:path';

/** Resolves once a file is there. */
export async function appears(file: string): Promise<void> {
  const seen = Promise.withResolvers<void>();
  const watcher = watch(path.dirname(file), () => existsSync(file) && seen.resolve());
  if (existsSync(file)) seen.resolve();
  await seen.promise;
  watcher.close();
}

/** Whether any process of this machine, in a container or not, was started with `text` in its environment. */
export function anyProcessWith(text: string): boolean {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.some((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(text);
    } catch {
      return false; // gone meanwhile
    }
  });
}
