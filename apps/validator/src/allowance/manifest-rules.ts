import { ExecutorClass, readPerClass, type Manifest } from '@horde/protocol';
import type { ManifestChange } from './manifests.ts';

/** The largest count that is stored. */
const maxExecutors = 2 ** 31 - 1;

/**
 * How many executors of a class count of one miner, from DYNAMIC_MINER_MAX_EXECUTORS_PER_CLASS: `class=count,…`. A class
 * that is not named has no limit; a part that cannot be understood is passed over.
 */
export const readClassLimits = (text: string): Map<ExecutorClass, number> =>
  readPerClass(text, /^\s*([^=]*?)\s*=\s*(\d{1,9})\s*$/);

/** How many executors of a class count of those that a miner says it has. */
export const countedOf = (
  executorClass: ExecutorClass,
  said: number,
  limits: ReadonlyMap<ExecutorClass, number>,
): number => Math.min(Math.max(0, said), limits.get(executorClass) ?? maxExecutors, maxExecutors);

/** A change of one class of a manifest. */
export type ClassChange = Omit<ManifestChange, 'block'> & { executorClass: ExecutorClass };

/**
 * What a miner's new manifest changes. It is a drop where it says, before limits, less than what counted until now, as
 * in ComputeHorde (manifest sync): a limit that is lowered takes nothing back.
 *
 * @param before how many counted, by class; a class that is not in it: none
 */
export function changesOf(
  before: ReadonlyMap<ExecutorClass, number>,
  manifest: Manifest,
  limits: ReadonlyMap<ExecutorClass, number>,
): ClassChange[] {
  return ExecutorClass.flatMap((executorClass) => {
    const old = before.get(executorClass) ?? 0;
    const said = manifest.get(executorClass) ?? 0;
    const count = countedOf(executorClass, said, limits);
    return count === old ? [] : [{ executorClass, count, isDrop: said < old }];
  });
}

/** So many silences in a row, and a miner counts as offering nothing. */
export const maxMisses = 2;
