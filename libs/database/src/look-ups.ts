import { Batches } from './batches.ts';

/** Of how many keys it is asked at once. */
const atOnce = 500;

/** Looks things up by their keys: all that are asked for in one moment together. */
export class LookUps<Value> {
  private readonly batches: Batches<string, Value | undefined>;

  /** @param find what there is of these, by key: no key is there twice */
  constructor(find: (keys: string[]) => Promise<Map<string, Value>>) {
    this.batches = new Batches(async (keys) => {
      const found = await find([...new Set(keys)]);
      return keys.map((key) => found.get(key));
    }, atOnce);
  }

  /** undefined: there is none. */
  get(key: string): Promise<Value | undefined> {
    return this.batches.add(key);
  }
}
