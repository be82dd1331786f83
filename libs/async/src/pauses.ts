/** Pauses between attempts. */
export interface Pauses {
  /** The one after the first failure. @unit ms */
  first: number;
  /** The longest. @unit ms */
  max: number;
}

/** The pause after so many failures in a row: it doubles with each, up to the longest. @unit ms */
export const doublingPause = (failures: number, { first, max }: Pauses): number =>
  Math.min(first * 2 ** (failures - 1), max);
