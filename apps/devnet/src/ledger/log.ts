import type { Change } from './changes.ts';
import type { DevnetState } from './state.ts';

/** Where a chain is kept: the whole of it as of once, and every change since. */
export interface Log {
  /** What `replace` was last given, and then what was appended to it; null when nothing is kept. */
  read(): Promise<unknown[] | null>;
  /** Keeps this instead of all. After a crash it is kept, or all of what was. @throws Error with a sentence */
  replace(state: DevnetState): Promise<void>;
  /** Keeps these, too: all or, when it fails, none of them. @throws Error with a sentence */
  append(changes: Change[]): Promise<void>;
  /** What errors call it, and what can be done when it holds something else. */
  readonly name: string;
  readonly remedy: string;
  close(): Promise<void>;
}
