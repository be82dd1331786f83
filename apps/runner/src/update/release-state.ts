import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyList } from '@horde/release';
import type { RunnerSettings } from '../settings.ts';

/** Where the volume of the project has it. */
const stateFile = '/runner/release.json';
/** Whoever has not written for so long was killed. @unit ms */
const longestWrite = 10_000;

/** A runner image that was, is, or is to be started here. */
export interface Release {
  /** What this engine knows the image by. */
  id: string;
  /** REPOSITORY@DIGEST; null: no registry is known to have it. */
  reference: string | null;
  /** As its list says; null: it came from none. */
  version: string | null;
  number: number | null;
  /** The images that it starts: their ids and their digests. */
  images: string[];
}

/** What people call a release. */
export const nameOf = ({ version, id }: Pick<Release, 'version' | 'id'>): string =>
  version ?? id.slice(0, 19);

/** What an update is at: it is noted before it is begun, and each can be begun again. */
export type Stage = 'fetched' | 'migrated' | 'switched' | 'watched' | 'kept' | 'back';

export interface Update {
  /** What is gone back to; null: nothing, the new one stays. */
  from: Release | null;
  to: Release;
  number: number;
  stage: Stage;
  /** The name of the runner's container. */
  runner: string;
  /** Whose service it is, once it is about to be switched. */
  project?: string;
  /** The operator asked for it: share and window do not count. */
  asked: boolean;
  /** Whether the service was ready before it was switched: only then it has to be so afterwards. */
  wasReady?: boolean;
  /** The migration that the release before cannot run after: there is no way back by itself. */
  final?: string;
  /** Why it goes back. */
  why?: string;
}

/** A release that was tried here, and will not be again. */
export interface Refusal {
  number: number;
  id: string;
  version: string | null;
  why: string;
  /** ISO 8601. */
  at: string;
}

/**
 * Where an installation is on its way between two hosts. `away`: it was handed over, and its service is not started here.
 * `expected`: it waits for what is handed over, and is not started either. `arrived`: that is here, and was not started yet.
 */
export interface Move {
  stage: 'away' | 'expected' | 'arrived';
  /** ISO 8601. */
  since: string;
}

/** What is remembered of releases, and of a move. */
export interface ReleaseState {
  /** Stands for the hotkey where there is none: which share this install falls into. */
  install: string;
  /** The newest list seen, by channel. */
  newest: Record<string, number>;
  /** The newest list of keys seen. */
  keys: KeyList | null;
  current: Release | null;
  before: Release | null;
  refused: Refusal[];
  /** Why the last update was put off. */
  trouble: { number: number; why: string; at: string } | null;
  update: Update | null;
  move: Move | null;
}

/** Reads and changes what is remembered. While an update is under way its container alone writes. */
export interface StateStore {
  read(): Promise<ReleaseState>;
  /** @returns what is remembered from now on */
  note(change: Partial<ReleaseState>): Promise<ReleaseState>;
}

/** The store of whoever has the volume. */
export class StateFile implements StateStore {
  constructor(private readonly file = stateFile) {}

  /** @throws Error where the file is there and cannot be read: what was refused must not be forgotten */
  async read(): Promise<ReleaseState> {
    const text = await readFile(this.file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '{}';
      throw error;
    });
    return { ...unknownYet(), ...(JSON.parse(text) as Partial<ReleaseState>) };
  }

  async note(change: Partial<ReleaseState>): Promise<ReleaseState> {
    const unlock = await this.lock();
    try {
      const state = { ...(await this.read()), ...change };
      await writeWhole(this.file, JSON.stringify(state, null, 1));
      return state;
    } finally {
      await unlock();
    }
  }

  /** One writer at a time: they are in containers of their own, and each writes what it has read before. */
  private async lock(): Promise<() => Promise<void>> {
    const lock = `${this.file}.lock`;
    for (;;) {
      try {
        await (await open(lock, 'wx')).close();
        return () => rm(lock, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const held = await stat(lock).catch(() => null);
      if (held && Date.now() - held.mtimeMs > longestWrite) await rm(lock, { force: true });
      else await sleep(20);
    }
  }
}

/** Where nothing has been noted yet. */
export const unknownYet = (): ReleaseState => ({
  install: randomUUID(),
  newest: {},
  keys: null,
  current: null,
  before: null,
  refused: [],
  trouble: null,
  update: null,
  move: null,
});

/** Whole or not at all: whoever writes may be killed at any moment. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const written = await open(`${file}.new`, 'w', 0o600);
  await written.writeFile(text);
  await written.sync();
  await written.close();
  await rename(`${file}.new`, file);
}

/** How many refusals are remembered: the newest. */
const refusalsKept = 20;

export const withRefusal = (refused: Refusal[], one: Refusal): Refusal[] =>
  [...refused.filter(({ number }) => number !== one.number), one].slice(-refusalsKept);

/**
 * What an operator should hear of a release that was tried in vain, while no newer one is offered; where updates are held, it was
 * decided already.
 */
export function noteOf(
  { refused, current, newest }: Pick<ReleaseState, 'refused' | 'current' | 'newest'>,
  { channel, updateHold }: Pick<RunnerSettings, 'channel' | 'updateHold'>,
): string {
  const last = refused.at(-1);
  if (!last || updateHold || last.id === current?.id || last.number < (newest[channel] ?? 0)) return '';
  return `Release ${nameOf(last)}, number ${last.number}, was refused at ${last.at}. ${last.why}`;
}
