/**
 * Changes rows some at a time, until there are no more: one statement for all might take longer than a statement may.
 *
 * @param size how many at once
 * @param some changes at most so many @returns how many it has found
 * @returns how many were found in all
 */
export async function inBatches(size: number, some: (size: number) => Promise<number>): Promise<number> {
  for (let total = 0; ;) {
    const count = await some(size);
    total += count;
    if (count < size) return total;
  }
}
