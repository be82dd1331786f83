/** A block by its number and hash. */
export interface BlockName {
  number: number;
  hash: string;
}

/**
 * Where the chain and what is stored of it part: looks at ever older blocks until one is the same.
 *
 * @param storedUpTo the newest stored block up to a number
 * @param hashOf the chain's own; null: it cannot tell any more
 * @param now the chain's newest block
 * @returns the block from which on all that is stored is to be forgotten; null: nothing is; 0: nothing is the same
 */
export async function firstReplaced(
  storedUpTo: (number: number) => Promise<BlockName | null>,
  hashOf: (number: number) => Promise<string | null>,
  now: number,
): Promise<number | null> {
  let isReplaced = false;
  for (let step = 1, upTo = now; ; upTo -= step, step *= 2) {
    const stored = await storedUpTo(upTo);
    if (!stored) return isReplaced ? 0 : null;
    const hash = await hashOf(stored.number);
    if (hash === null || hash === stored.hash) return isReplaced ? stored.number + 1 : null;
    isReplaced = true;
    upTo = stored.number;
  }
}
