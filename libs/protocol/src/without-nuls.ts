/** A copy that text columns can hold: every NUL character, in all texts at any depth, becomes U+FFFD. */
export function withoutNuls<T>(value: T): T {
  return replace(value) as T;
}

function replace(value: unknown): unknown {
  if (typeof value === 'string') return value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(replace);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [replace(key), replace(item)]));
  const copy = Object.create(Object.getPrototypeOf(value) as object) as Record<string, unknown>;
  for (const [key, item] of Object.entries(value)) copy[key] = replace(item);
  return copy;
}
