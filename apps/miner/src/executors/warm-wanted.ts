import { ExecutorClass } from '@horde/protocol';
import type { Manifest } from '@horde/executor-manager';

/** How many warm executors are wanted of a class. */
export type WarmWanted = (executorClass: ExecutorClass) => number;

/** What is wrong with a text, as the rest of a sentence: "it must be …". */
export class WrongWarmExecutors extends Error {}

/**
 * Reads WARM_EXECUTORS: `2`, which is for every class, or `always_on.llm.a6000=2,always_on.test=1`.
 * @throws WrongWarmExecutors
 */
export function readWarmExecutors(text: string): WarmWanted {
  const trimmed = text.trim();
  if (/^\d{1,4}$/.test(trimmed)) return () => Number(trimmed);
  const counts: Manifest = {};
  for (const part of trimmed.split(',')) {
    const [, name, count] = /^\s*([^=\s]+)\s*=\s*(\d{1,4})\s*$/.exec(part) ?? [];
    if (name === undefined) {
      throw new WrongWarmExecutors('must be a number, or classes with a number each: always_on.test=1');
    }
    if (!ExecutorClass.some((known) => known === name))
      throw new WrongWarmExecutors(`must name executor classes; there is no class ${name}`);
    counts[name as ExecutorClass] = Number(count);
  }
  return (executorClass) => counts[executorClass] ?? 0;
}
