/**
 * When weights that are handed in sealed are opened: at the beginning of the epoch that is so many epochs after theirs.
 * An epoch has `tempo + 1` blocks, and where it begins is shifted by the subnet's number: as Subtensor has it.
 *
 * @param block in which they are handed in
 * @param period at least 1. @unit epochs
 */
export function revealBlock(block: number, netuid: number, tempo: number, period: number): number {
  const length = tempo + 1;
  const epoch = Math.floor((block + netuid + 2) / length);
  return (epoch + period) * length - netuid - 2;
}
