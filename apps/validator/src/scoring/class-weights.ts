import { readPerClass, type ExecutorClass } from '@horde/protocol';

/** A class, and a number as Python's `float` reads it, without its infinities. */
const pair = /^([^=]*)=\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*$/i;

/**
 * What a class's work counts, of `DYNAMIC_EXECUTOR_CLASS_WEIGHTS`: `always_on.llm.a6000=1,always_on.test=0`. A pair that
 * cannot be read is passed over; a class that is not named counts nothing.
 */
export const readClassWeights = (text: string): Map<ExecutorClass, number> => readPerClass(text, pair);
