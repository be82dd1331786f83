import { readFile } from 'node:fs/promises';
import { exchange, reasonOf } from '@horde/network';
import {
  acceptKeys,
  acceptRelease,
  RefusedRelease,
  UnreadableList,
  type KeyList,
  type ReleaseList,
  type Signed,
} from '@horde/release';
import type { ReleaseState } from './release-state.ts';

/** Where releases come from, as it was built into the runner. */
export interface ReleasePlace {
  /** Of images, before their names: `registry.example/prefix`. */
  repositories: string;
  /** Below it are the lists. */
  lists: string;
  releaseKey: string;
  offlineKey: string;
}

/** @returns null where the file leaves it open: no releases are shipped to this runner */
export async function readReleasePlace(file: string): Promise<ReleasePlace | null> {
  const lines = (await readFile(file, 'utf8')).matchAll(/^([A-Z_]+)=(.*)$/gm);
  const values = Object.fromEntries([...lines].map(([, name, value]) => [name, value!.trim()]));
  const { REGISTRY = '', REPOSITORY_PREFIX = '', SCRIPT_ADDRESS = '', PUBLIC_KEYS = '' } = values;
  if ([REGISTRY, REPOSITORY_PREFIX, SCRIPT_ADDRESS, PUBLIC_KEYS].includes('')) return null;
  const [releaseKey = '', offlineKey = ''] = PUBLIC_KEYS.split(',');
  return {
    repositories: `${REGISTRY}/${REPOSITORY_PREFIX}`,
    lists: `${SCRIPT_ADDRESS}/releases`,
    releaseKey,
    offlineKey,
  };
}

/** There is no list that counts, as a sentence. */
export class NoList extends Error {
  override readonly name = 'NoList';
}

/** How long a file may take. @unit ms */
const patience = 30_000;
const largest = 100_000;

/**
 * Fetches what a channel offers, and checks it.
 *
 * @returns the list, and the keys that count
 * @throws NoList
 */
export async function fetchList(
  { lists, releaseKey, offlineKey }: ReleasePlace,
  channel: string,
  { keys, newest }: Pick<ReleaseState, 'keys' | 'newest'>,
  now: Date,
): Promise<{ list: ReleaseList; keys: KeyList | null }> {
  const trust = { channel, releaseKey, offlineKey, newest: newest[channel], ...(keys && { keys }) };
  try {
    const replaced = await fetchSigned(lists, 'keys');
    const known = replaced ? acceptKeys(replaced, trust) : keys;
    const signed = await fetchSigned(lists, channel);
    if (signed === null) throw new NoList(`There is no list of channel ${channel} at ${lists}.`);
    return { list: acceptRelease(signed, { ...trust, ...(known && { keys: known }) }, now), keys: known };
  } catch (error) {
    if (!(error instanceof RefusedRelease || error instanceof UnreadableList)) throw error;
    throw new NoList(error.message, { cause: error });
  }
}

/** @returns null where there is none */
async function fetchSigned(lists: string, name: string): Promise<Signed | null> {
  const text = await fetchFile(`${lists}/${name}`);
  if (text === null) return null;
  const signature = await fetchFile(`${lists}/${name}.sig`);
  if (signature === null) throw new NoList(`${lists}/${name} has no signature beside it.`);
  return { text, signature };
}

async function fetchFile(address: string): Promise<string | null> {
  const answer = await exchange(new URL(address), {
    maxBytes: largest,
    signal: AbortSignal.timeout(patience),
  }).catch((error: unknown) => {
    throw new NoList(`${address} cannot be fetched: ${reasonOf(error)}.`, { cause: error });
  });
  if (answer.status === 404) return null;
  if (answer.status !== 200)
    throw new NoList(`${address} cannot be fetched: the answer was ${answer.status}.`);
  return answer.text;
}
