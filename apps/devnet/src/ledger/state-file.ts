import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { DevnetState } from './state.ts';

/**
 * The chain in one JSON file that only its owner may read. It is replaced as a whole: after a crash it holds the last
 * state or the one before, never half of one.
 */
export class StateFile {
  constructor(readonly path: string) {}

  /** null when there is no such file. @throws Error with a sentence when it holds something else */
  async read(): Promise<DevnetState | null> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw this.explain('read', error);
    }
    const state = parse(text);
    if (!state) {
      throw new Error(
        `${this.path} is not a devnet's state. Remove it to begin a new chain, or set DEVNET_STATE_FILE to another.`,
      );
    }
    return state;
  }

  /** @throws Error with a sentence; the file is then as it was */
  async write(state: DevnetState): Promise<void> {
    const temporary = `${this.path}.${process.pid}.${randomBytes(4).toString('hex')}`;
    try {
      await mkdir(path.dirname(this.path), { recursive: true, mode: 0o700 });
      await writeDown(temporary, `${JSON.stringify(state)}\n`);
      await rename(temporary, this.path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw this.explain('written', error);
    }
  }

  private explain(what: string, error: unknown): Error {
    const why = error instanceof Error ? error.message : String(error);
    return new Error(`The devnet's state cannot be ${what} at ${this.path}: ${why}`, { cause: error });
  }
}

async function writeDown(file: string, text: string): Promise<void> {
  await using handle = await open(file, 'wx', 0o600);
  await handle.writeFile(text);
  await handle.sync();
}

function parse(text: string): DevnetState | null {
  let state: DevnetState;
  try {
    state = JSON.parse(text) as DevnetState;
  } catch {
    return null;
  }
  const isRecord = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  const whole =
    isRecord(state) &&
    state.version === 1 &&
    typeof state.genesis === 'string' &&
    isRecord(state.clock) &&
    [state.clock.block, state.clock.at, state.clock.blockTime].every(Number.isFinite) &&
    [state.neurons, state.commitments, state.identities].every(isRecord) &&
    Array.isArray(state.weights);
  return whole ? state : null;
}
