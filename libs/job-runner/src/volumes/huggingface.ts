import type { HuggingfaceVolume } from '@horde/protocol';
import { failures } from '../failures.ts';
import type { Budget } from './budget.ts';
import { download } from './download.ts';
import { allows } from './fnmatch.ts';
import { HubRepository, type HubAccess, type RepositoryName } from './hub-repository.ts';
import { pathBelow } from './relative-path.ts';
import { inTries, type Tries } from './tries.ts';
import type { VolumeWriter } from './volume-writer.ts';

/** Files fetched at once. */
const maxAtOnce = 4;

export interface RepositoryOptions extends Tries, Omit<HubAccess, 'token'> {
  writer: VolumeWriter;
  budget: (source: string) => Budget;
}

interface RepositoryFile {
  path: string;
  size: number;
  /** Where it goes. */
  names: string[];
}

/**
 * Downloads the files of a Hugging Face repository below `base`, as plain files.
 *
 * @throws JobFailure download_failed; the signal's reason on abort
 */
export async function downloadRepository(
  volume: HuggingfaceVolume,
  base: string[],
  options: RepositoryOptions,
): Promise<void> {
  const repository = new HubRepository(nameOf(volume), { ...options, token: volume.token });
  const budget = options.budget(repository.source);
  const files = await inTries(repository.source, options, () =>
    listFiles(repository, volume.allow_patterns, base, budget, options.signal),
  );
  // The first failure ends the other downloads.
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const queue = files.values();
  const work = async () => {
    for (const file of queue) {
      signal.throwIfAborted();
      const written = await options.writer.makeFile(file.names, budget);
      const tries = { ...options, signal };
      await download(repository.askFor(file, signal), written, budget, tries, file).finally(() =>
        written.close(),
      );
    }
  };
  await Promise.all(
    Array.from({ length: maxAtOnce }, () => work().catch((error: unknown) => stop.abort(error))),
  );
  signal.throwIfAborted();
}

async function listFiles(
  repository: HubRepository,
  patterns: string | string[] | null,
  base: string[],
  budget: Budget,
  signal: AbortSignal,
): Promise<RepositoryFile[]> {
  const files: RepositoryFile[] = [];
  let bytes = 0;
  for await (const { path, size } of repository.files(signal)) {
    if (!allows(path, patterns)) continue;
    const below = pathBelow(path);
    const refused = 'refused' in below ? below.refused : below.length === 0 && 'it has no name';
    if (refused) throw failures.VOLUME_ENTRY_REFUSED(repository.source, path, refused);
    files.push({ path, size, names: [...base, ...(below as string[])] });
    bytes += size;
    budget.expectBytes(bytes);
    budget.expectEntries(files.length);
  }
  budget.announce(bytes);
  return files;
}

/** Held to the hub's rules for names, as they end up in its URLs, with a token that may be the executor's own. */
function nameOf({ repo_id: name, repo_type, revision }: HuggingfaceVolume): RepositoryName {
  const refuse = (why: string) =>
    failures.VOLUME_REPOSITORY_UNREADABLE(`The Hugging Face repository ${JSON.stringify(name)}`, why);
  const type = repo_type ?? 'model';
  if (type !== 'model' && type !== 'dataset' && type !== 'space') {
    throw refuse(`${JSON.stringify(type)} is no type of repository; there are model, dataset and space`);
  }
  const isName = /^(?:\w[\w.-]*\/)?\w[\w.-]{0,95}$/.test(name);
  if (!isName || /--|\.\.|[.-](?:\/|$)|\.git$/.test(name)) {
    throw refuse('its name has to be "owner/name" of letters, digits, "-", "_" and "."');
  }
  if (revision !== null && /^\.{0,2}$/.test(revision)) {
    throw refuse(`${JSON.stringify(revision)} is no revision`);
  }
  return { type, name, revision: revision ?? 'main' };
}
