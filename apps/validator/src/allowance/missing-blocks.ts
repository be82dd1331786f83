/** The newest ones are taken first, oldest of them first, as the chain goes on. @unit blocks */
export const recentBlocks = 100;

/**
 * The blocks that are still to be taken, in the order in which they are: the last hundred from the oldest on, then
 * older ones from the newest on.
 *
 * @param stored the numbers of those that are there
 * @param oldest how far back they are wanted
 * @param now the newest
 */
export function missingBlocks(stored: ReadonlySet<number>, oldest: number, now: number): number[] {
  const from = Math.max(0, oldest);
  const edge = Math.max(from, now - recentBlocks + 1);
  const range = (first: number, last: number) =>
    Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
  return [...range(edge, now), ...range(from, edge - 1).toReversed()].filter((number) => !stored.has(number));
}
