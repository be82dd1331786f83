import { createHash } from 'node:crypto';
import {
  readKeyList,
  keysNamespace,
  listNamespace,
  readReleaseList,
  type KeyList,
  type ReleaseList,
} from './release-list.ts';
import { isSignedBy } from './ssh-signature.ts';

/** A text and the signature beside it, as they were fetched. */
export interface Signed {
  text: string;
  signature: string;
}

/** Whom an install believes, and what it has seen so far. */
export interface Trust {
  channel: string;
  /** Of releases, as it was shipped. */
  releaseKey: string;
  /** Of the lists of keys: it is kept offline, and replaces the other. */
  offlineKey: string;
  /** The newest list of keys that it has seen. */
  keys?: KeyList;
  /** The number of the newest release list that it has seen. @default 0 */
  newest?: number;
}

/** Why a list is not acted on, as a sentence. */
export class RefusedRelease extends Error {}

/**
 * The list, where it is the channel's own, not older than what was seen, not expired, and signed by a key that counts.
 * The signature is looked at first: what strangers wrote is not read.
 *
 * @throws RefusedRelease or UnreadableList with a sentence
 */
export function acceptRelease({ text, signature }: Signed, trust: Trust, now: Date): ReleaseList {
  const keys = trust.keys?.keys ?? [trust.releaseKey];
  if (!keys.some((key) => isSignedBy(text, signature, listNamespace, key)))
    throw new RefusedRelease('The release list is not signed by a key that this install knows.');
  const list = readReleaseList(text);
  if (list.channel !== trust.channel)
    throw new RefusedRelease(`The release list is of channel ${list.channel}, not ${trust.channel}.`);
  if (list.number < (trust.newest ?? 0))
    throw new RefusedRelease(
      `The release list has number ${list.number}, and ${trust.newest} was seen already: it is an old one.`,
    );
  if (list.expires <= now)
    throw new RefusedRelease(`The release list has expired at ${list.expires.toISOString()}.`);
  return list;
}

/**
 * The list of keys, where it is signed by the offline key and not older than the one that is known.
 *
 * @throws RefusedRelease or UnreadableList with a sentence
 */
export function acceptKeys({ text, signature }: Signed, trust: Trust): KeyList {
  if (!isSignedBy(text, signature, keysNamespace, trust.offlineKey))
    throw new RefusedRelease('The list of keys is not signed by the offline key.');
  const list = readKeyList(text);
  if (list.number < (trust.keys?.number ?? 0))
    throw new RefusedRelease(
      `The list of keys has number ${list.number}, and ${trust.keys!.number} was seen already.`,
    );
  return list;
}

/**
 * Whether an install is among those that take part. As the share of a release grows, those that took part still do; with
 * each release others are the first.
 *
 * @param share percent
 * @param install its hotkey
 */
export function takesPart({ number, share }: ReleaseList, install: string): boolean {
  const place = createHash('sha256').update(`${number} ${install}`).digest().readUInt32BE(0) / 2 ** 32;
  return place * 100 < share;
}
