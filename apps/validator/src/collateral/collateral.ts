/** The name under which the validator's way to collateral is injected. */
export const COLLATERAL = Symbol('COLLATERAL');

/** A miner's job whose result its user has reported as wrong. */
export interface CheatedJob {
  /** As the miner knows it. */
  uuid: string;
  minerHotkey: string;
}

/**
 * What miners have deposited, and can lose.
 *
 * Promises, checked for every adapter by `collateralConformance()`:
 * - a miner that has deposited nothing, or whose deposit is gone, is not in the answer, or has 0;
 * - an answer is of now, and never of a miner that was not asked for;
 * - `slash` says in a sentence what it has done, and takes nothing where there is nothing.
 */
export interface Collateral {
  /** false: nobody has any, and nobody is asked for any. */
  readonly isKept: boolean;
  /** Where it is known from: a sentence, told at the start. */
  readonly source: string;
  /** What these miners have deposited, by hotkey. @unit wei */
  of(hotkeys: readonly string[]): Promise<Map<string, bigint>>;
  /**
   * Takes collateral from a miner, once for each call: callers see to it that there is one for each job.
   *
   * @param amount at most so much. @unit wei
   * @returns what was done, as a sentence
   */
  slash(job: CheatedJob, amount: bigint): Promise<string>;
}
