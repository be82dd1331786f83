import { ExecutorClass, executorClasses } from './executor-classes.ts';

/** How many executors of each class a miner offers. */
export type Manifest = ReadonlyMap<ExecutorClass, number>;

/** What one hotkey may commit on the chain, everything in it together. @unit bytes of UTF-8 */
const maxCommitment = 128;

const envelope = /<M:([^>]*)>/;
const envelopes = /<M:[^>]*>/g;
const classOfCode = new Map(
  ExecutorClass.map((executorClass) => [
    executorClasses[executorClass].manifestCode as string,
    executorClass,
  ]),
);

/** A manifest as it stands in a commitment: `<M:A3;S2>`, codes in their order; `<M:>` offers nothing. */
export function manifestText(manifest: Manifest): string {
  const parts = [...manifest].map(
    ([executorClass, count]) => `${executorClasses[executorClass].manifestCode}${count}`,
  );
  return `<M:${parts.sort().join(';')}>`;
}

/**
 * A commitment with this manifest at its end in place of any older one; whatever else it says stays.
 * @returns null when it would be longer than the chain takes (128 bytes)
 */
export function withManifest(commitment: string, manifest: Manifest): string | null {
  const merged = commitment.replace(envelopes, '').trim() + manifestText(manifest);
  return Buffer.byteLength(merged) <= maxCommitment ? merged : null;
}

/**
 * The manifest in a commitment; null when it holds none. As in ComputeHorde the first envelope counts, and a part of
 * it that cannot be understood is passed over, as is a class that nobody here knows.
 */
export function manifestOf(commitment: string): Map<ExecutorClass, number> | null {
  const content = envelope.exec(commitment)?.[1];
  if (content === undefined) return null;
  const manifest = new Map<ExecutorClass, number>();
  for (const part of content.split(';')) {
    const [, code = '', count = ''] = /^(\S)\s*(\d{1,9})$/.exec(part.trim()) ?? [];
    const executorClass = classOfCode.get(code);
    if (executorClass) manifest.set(executorClass, Number(count));
  }
  return manifest;
}
