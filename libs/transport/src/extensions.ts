/**
 * What two peers of ours agree on beyond ComputeHorde's protocol: the opening request lists names in this header, the
 * answer picks those that both know. Other peers ignore the header.
 */
export const extensionsHeader = 'X-Horde-Extensions';

/**
 * - `durable-1`: messages about a job are numbered, acknowledged once they are committed, and resumed where they were
 *   interrupted (`DurableLink`);
 * - `cancel-1`: a job can be cancelled;
 * - `logs-1`: a job's output is passed on while it runs;
 * - `warm-1`: an executor connects before it has a job.
 */
export const extensions = ['durable-1', 'cancel-1', 'logs-1', 'warm-1'] as const;
export type Extension = (typeof extensions)[number];

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
