import { createHash } from 'node:crypto';
import type { UidWeights } from '../process-weights.ts';

/** The score that a uid has in the vectors; each `gap`th has none. */
export const scoreOf = (uid: number, gap: number): number =>
  uid % gap === 0 ? 0 : ((uid * 7919) % 1009) / 13;

/** The first 16 digits of the SHA-256 of uids and weights in their order, packed as Python's `struct` does with `>Id`. */
export function digestOf({ uids, weights }: UidWeights): string {
  const packed = Buffer.alloc(12 * uids.length);
  uids.forEach((uid, index) => {
    packed.writeUInt32BE(uid, 12 * index);
    packed.writeDoubleBE(weights.values[index]!, 12 * index + 4);
  });
  return createHash('sha256').update(packed).digest('hex').slice(0, 16);
}
