/**
 * JSON as the Python peers read it: integers of any size stay integers, floats stay floats (`300.0` is not `300`),
 * and objects keep the order of their keys. Plain `JSON.parse` loses all three, and all three are signed.
 */
export type JsonValue = null | boolean | string | number | bigint | JsonFloat | JsonValue[] | JsonObject;

/** An object: the last of duplicate keys wins, at the place of the first, as in Python. */
export type JsonObject = Map<string, JsonValue>;

/** A number that was written with a point or an exponent. Integers are `number`, or `bigint` beyond 2^53. */
export class JsonFloat {
  constructor(readonly value: number) {}
}

/** Plain JavaScript data as a JsonValue: objects become ordered maps, numbers that are not whole become floats. */
export function toJsonValue(
  plain: Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>,
): JsonObject;
export function toJsonValue(plain: unknown): JsonValue;
export function toJsonValue(plain: unknown): JsonValue {
  if (plain === null || plain === undefined) return null;
  if (typeof plain === 'number') return Number.isSafeInteger(plain) ? plain : new JsonFloat(plain);
  if (typeof plain === 'string' || typeof plain === 'boolean' || typeof plain === 'bigint') return plain;
  if (plain instanceof JsonFloat) return plain;
  if (Array.isArray(plain)) return plain.map(toJsonValue);
  const entries = plain instanceof Map ? [...plain.entries()] : Object.entries(plain);
  return new Map(entries.map(([key, value]) => [String(key), toJsonValue(value)]));
}

/** The reverse of `toJsonValue`, for storing and logging; integers beyond 2^53 become text. */
export function toPlain(value: JsonValue): unknown {
  if (value instanceof JsonFloat) return value.value;
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(toPlain);
  if (value instanceof Map) {
    const plain: Record<string, unknown> = {};
    for (const [key, item] of value) {
      Object.defineProperty(plain, key, {
        value: toPlain(item),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
    return plain;
  }
  return value;
}
