import { expect, it } from 'vitest';
import { JsonError, ShapeError, writeFrame, type WireClass } from '@horde/protocol';
import { compare } from '../compare.ts';
import { differences, type Difference, type Kind } from '../differences.ts';
import type { Generation } from '../environment.ts';
import { frameJson, mayDiffer, mayDrop, mayLack, missingMessages } from '../generations.ts';
import { instances } from '../instances.ts';
import { links, type WireLink } from '../links.ts';
import { oddFrames, type OddFrame } from '../odd-values.ts';
import type { Peer, Verdict } from '../peer.ts';

/** Enough random instances that every part of a message stands in one of them. */
const enough = 60;
const used = new Set<Difference>();

/** What we write of a frame; undefined when we refuse it, which takes no other errors than these two. */
function ourReading(link: WireLink, text: string): string | undefined {
  try {
    return writeFrame(link.read(text));
  } catch (error) {
    if (error instanceof JsonError || error instanceof ShapeError) return undefined;
    throw error;
  }
}

function kindOf(
  generation: Generation,
  type: WireClass,
  ours: string | undefined,
  theirs: Verdict,
): Kind | null {
  if (ours === undefined) return 'dump' in theirs ? 'stricter' : null;
  if (!('dump' in theirs)) return 'laxer';
  const { unequal, onlyOurs, onlyTheirs } = compare(type, ours, theirs.dump);
  const same =
    unequal.every((where) => mayDiffer(generation, where)) &&
    onlyOurs.every((where) => mayLack(generation, where)) &&
    onlyTheirs.every((where) => mayDrop(generation, where));
  return same ? null : 'otherwise';
}

function isListed(generation: Generation, kind: Kind, { where, odd }: OddFrame): boolean {
  if (mayLack(generation, where.replace('[]', ''))) return true;
  const found = differences.filter(
    (difference) =>
      (difference.generation === 'both' || difference.generation === generation) &&
      difference.kind === kind &&
      difference.where.test(where) &&
      difference.odd.test(odd),
  );
  for (const difference of found) used.add(difference);
  return found.length > 0;
}

/** Every field with every odd value is accepted or refused alike by both, or listed. */
export function oddValueChecks(generation: Generation, peer: Peer): void {
  it.for(links)(
    '$name: every field with every odd value is accepted or refused alike, or listed',
    async (link, { task }) => {
      const unlisted: string[] = [];
      let count = 0;
      for (const [word, type] of link.types) {
        if (word in missingMessages[generation]) continue;
        const jsons = instances(type, enough).map((message) => frameJson(generation, message));
        const frames = [...oddFrames(type, jsons)];
        const verdicts = await peer.ask<Verdict[]>('read', {
          link: link.name,
          frames: frames.map(({ text }) => text),
        });
        count += frames.length;
        for (const [at, frame] of frames.entries()) {
          const kind = kindOf(generation, type, ourReading(link, frame.text), verdicts[at]!);
          if (kind && !isListed(generation, kind, frame))
            unlisted.push(`${kind}: ${frame.where} ${frame.odd.slice(0, 40)}`);
        }
      }
      expect(unlisted).toEqual([]);
      task.meta.count = count;
    },
  );
}

/** After all generations: a difference that is none any more has to leave the list. */
export function differencesAreUsed(): void {
  it('every listed difference is still one', () => {
    expect(differences.filter((difference) => !used.has(difference)).map(({ reason }) => reason)).toEqual([]);
  });
}
