import { extensions, type Extension } from '@horde/protocol';

/** The names in a header that we know; of a header sent twice, those of both. */
export function readExtensions(header: string | string[] | undefined): Set<Extension> {
  const names = [header ?? []].flat().flatMap((line) => line.split(','));
  const given = new Set(names.map((name) => name.trim().toLowerCase()));
  return new Set(extensions.filter((name) => given.has(name)));
}

export const writeExtensions = (names: Iterable<Extension>): string => [...names].join(', ');

/** Every set of extensions that was ever agreed on, by its names: connections share them. */
const known = new Map<string, ReadonlySet<Extension>>();

/** Those of `spoken` that the peer has offered too. */
export function agreed(
  spoken: readonly Extension[],
  offered: ReadonlySet<Extension>,
): ReadonlySet<Extension> {
  const both = spoken.filter((name) => offered.has(name));
  const key = writeExtensions(both);
  const set = known.get(key) ?? new Set(both);
  known.set(key, set);
  return set;
}
