import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What the Node.js that runs this is made of, beside its program `process.execPath`. */
export interface NodeFiles {
  /** Starts the program and finds its libraries; null: the program is static and starts alone. */
  loader: string | null;
  /** Path by the name that the program asks for. */
  libraries: Map<string, string>;
}

/** Asks this machine's loader, as ldd(1) does. */
export async function nodeFiles(): Promise<NodeFiles> {
  const env = { ...process.env, LD_TRACE_LOADED_OBJECTS: '1' };
  const { stdout } = await promisify(execFile)(process.execPath, ['--version'], { env });
  const libraries = [...stdout.matchAll(/^\s+(\S+) => (\/.*) \(0x/gm)].map(
    (line) => [line[1]!, line[2]!] as const,
  );
  const loader = /^\s+(\/\S*\/ld-\S+) \(0x/m.exec(stdout)?.[1] ?? null;
  return { loader, libraries: new Map(libraries) };
}
