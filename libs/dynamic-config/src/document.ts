import { WrongValue, type Keys } from './keys.ts';

/** A value, and from when on it counts. */
export interface Item {
  value: unknown;
  /** ISO 8601 with a zone; null: it always did. */
  effectiveFrom: string | null;
}

/** Keys beginning like this may be set from outside; the others are the operator's alone. */
const remotePrefix = 'DYNAMIC_';

export interface ReadDocuments {
  /** The known keys whose items are all good, in the order of the documents. */
  items: Map<string, Item[]>;
  /** Known keys with an item that cannot be used, and a sentence for each. */
  refused: Map<string, string>;
}

/**
 * What documents in the form of ComputeHorde's dynamic configuration say of the known keys:
 * `{KEY: {description, items: [{value, effective_from, reason}]}}`. Unknown keys are passed over. The items of a later
 * document come after those of an earlier one.
 */
export function readDocuments(documents: readonly object[], keys: Keys): ReadDocuments {
  const items = new Map<string, Item[]>();
  const refused = new Map<string, string>();
  for (const document of documents) {
    for (const [name, entry] of Object.entries(document)) {
      if (!name.startsWith(remotePrefix) || !Object.hasOwn(keys, name)) continue;
      try {
        items.set(name, [
          ...(items.get(name) ?? []),
          ...readItems(entry, (value) => keys[name]!.read(value)),
        ]);
      } catch (error) {
        if (!(error instanceof WrongValue)) throw error;
        refused.set(name, `${name} ${error.message}; what it was stays.`);
      }
    }
  }
  for (const name of refused.keys()) items.delete(name);
  return { items, refused };
}

/** The last item that counts at a time; as in ComputeHorde the order of the items decides, not their times. */
export function dueItem(items: readonly Item[], now: number): Item | undefined {
  return items.findLast(({ effectiveFrom }) => effectiveFrom === null || Date.parse(effectiveFrom) <= now);
}

function readItems(entry: unknown, read: (value: unknown) => unknown): Item[] {
  const items = (entry as { items?: unknown } | null)?.items;
  if (!Array.isArray(items)) throw new WrongValue('must have a list of items');
  return items.map((item: unknown) => {
    if (typeof item !== 'object' || item === null) throw new WrongValue('must have objects as its items');
    const { value, effective_from: from } = item as { value?: unknown; effective_from?: unknown };
    return { value: read(value), effectiveFrom: readTime(from) };
  });
}

/** A time without a zone is in UTC. */
function readTime(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}/.test(value)) {
    const zoned = /(?:z|[+-]\d{2}:?\d{2})$/i.test(value.slice(10)) || value.length === 10;
    const time = Date.parse(zoned ? value : `${value}Z`);
    if (!Number.isNaN(time)) return new Date(time).toISOString();
  }
  throw new WrongValue('must have ISO 8601 times in effective_from');
}
