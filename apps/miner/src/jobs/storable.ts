/** A peer's text as Postgres can store it: it has no place for the NUL character, which becomes U+FFFD. */
export const storable = (text: string): string => text.replaceAll('\0', '\uFFFD');

/** A peer's map as JSON that Postgres can store. */
export const storableMap = (map: Map<string, string> | null): string | null =>
  map && JSON.stringify(Object.fromEntries([...map].map(([key, value]) => [storable(key), storable(value)])));
