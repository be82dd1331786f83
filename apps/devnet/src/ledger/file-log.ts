import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Change } from './changes.ts';
import type { Log } from './log.ts';
import type { DevnetState } from './state.ts';

/** A chain in a file that only its owner may read: a line of JSON for the whole of it, and one for each change since. */
export class FileLog implements Log {
  readonly name: string;
  readonly remedy = 'Remove it to begin a new chain, or set DEVNET_STATE_FILE to another.';
  private length = 0;

  constructor(private readonly path: string) {
    this.name = path;
  }

  /** A last line without an end was being written when the devnet ended: it never happened. */
  async read(): Promise<unknown[] | null> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw this.explain('read', error);
    }
    const lines = text.split('\n');
    const last = lines.pop()!;
    return lines.length === 0 ? [parse(last)] : lines.map(parse);
  }

  async replace(state: DevnetState): Promise<void> {
    const temporary = `${this.path}.${process.pid}.${randomBytes(4).toString('hex')}`;
    const text = `${JSON.stringify(state)}\n`;
    try {
      await mkdir(path.dirname(this.path), { recursive: true, mode: 0o700 });
      await using handle = await open(temporary, 'wx', 0o600);
      await handle.writeFile(text);
      await handle.sync();
      await rename(temporary, this.path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw this.explain('written', error);
    }
    this.length = Buffer.byteLength(text);
  }

  /** Written over what an attempt that failed may have left. */
  async append(changes: Change[]): Promise<void> {
    const bytes = Buffer.from(changes.map((change) => `${JSON.stringify(change)}\n`).join(''));
    try {
      await using handle = await open(this.path, 'r+');
      await handle.truncate(this.length);
      for (let written = 0; written < bytes.length;) {
        const { bytesWritten } = await handle.write(bytes, written, undefined, this.length + written);
        written += bytesWritten;
      }
      await handle.datasync();
    } catch (error) {
      throw this.explain('written', error);
    }
    this.length += bytes.length;
  }

  async close(): Promise<void> {}

  private explain(what: string, error: unknown): Error {
    const why = error instanceof Error ? error.message : String(error);
    return new Error(`The devnet's state cannot be ${what} at ${this.path}: ${why}`, { cause: error });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
