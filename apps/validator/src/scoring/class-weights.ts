import { isExecutorClass, type ExecutorClass } from '@horde/protocol';

/** A number as Python's `float` reads it, without its infinities. */
const decimal = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;

/**
 * What a class's work counts, of `DYNAMIC_EXECUTOR_CLASS_WEIGHTS`: `always_on.llm.a6000=1,always_on.test=0`. A pair that
 * cannot be read is passed over; a class that is not named counts nothing.
 */
export function readClassWeights(text: string): Map<ExecutorClass, number> {
  const weights = new Map<ExecutorClass, number>();
  for (const pair of text.split(',')) {
    const [name = '', value = '', ...rest] = pair.split('=');
    if (rest.length > 0 || !decimal.test(value) || !isExecutorClass(name)) continue;
    weights.set(name, Number(value));
  }
  return weights;
}
