import { expect, it } from 'vitest';
import { writeFrame, type WireClass } from '@horde/protocol';
import { compare } from '../compare.ts';
import { frameFor, mayDiffer, mayDrop, mayLack, missingMessages } from '../generations.ts';
import { instances } from '../instances.ts';
import { links, type WireLink } from '../links.ts';
import type { Generation } from '../environment.ts';
import type { Peer, Verdict } from '../peer.ts';

/** Instances of each message, made here and made there. */
const count = 200;
const seed = 20_260_101;

/** Every message in both directions: what one side writes, the other reads and writes again as the same. */
export function messageChecks(generation: Generation, peer: Peer): void {
  /** What they write of these frames. Fails where they refuse one. */
  const dumps = async (link: WireLink, frames: string[]): Promise<string[]> => {
    const verdicts = await peer.ask<Verdict[]>('read', { link: link.name, frames });
    return verdicts.map((verdict, index) => {
      if ('dump' in verdict) return verdict.dump;
      throw new Error(`${verdict.says}\nrefused: ${frames[index]}`);
    });
  };

  const expectSame = (type: WireClass, ours: string, theirs: string) => {
    const { unequal, onlyOurs, onlyTheirs } = compare(type, ours, theirs);
    const different = [
      ...unequal.filter((where) => !mayDiffer(generation, where)),
      ...onlyOurs.filter((where) => !mayLack(generation, where)),
      ...onlyTheirs.filter((where) => !mayDrop(generation, where)),
    ];
    expect(different, `ours:   ${ours}\ntheirs: ${theirs}`).toEqual([]);
  };

  it.each(links)('$name: both know the same messages', async (link) => {
    const theirs = await peer.ask<string[]>('words', { link: link.name });
    const missing = Object.keys(missingMessages[generation]);
    expect([...link.types.keys()].filter((word) => !missing.includes(word)).sort()).toEqual(theirs);
  });

  for (const link of links) {
    for (const [word, type] of link.types) {
      if (word in missingMessages[generation]) continue;

      it(`${link.name}: ${word}, written here, is read there and here again as the same`, async ({
        task,
      }) => {
        const frames = instances(type, count).map((message) => frameFor(generation, message));
        const theirs = await dumps(link, frames);
        for (const [index, frame] of frames.entries()) {
          expectSame(type, frame, theirs[index]!);
          // The newest packages write the very same text: every field, in the same order, in the same form.
          if (generation === 'new') expect(frame).toBe(theirs[index]);
          const ours = writeFrame(link.read(theirs[index]!));
          expectSame(type, ours, theirs[index]!);
        }
        task.meta.count = frames.length;
      });

      it(`${link.name}: ${word}, written there, is read here and there again as the same`, async ({
        task,
      }) => {
        const theirs = await peer.ask<string[]>('generate', { link: link.name, word, count, seed });
        const ours = theirs.map((frame) => link.read(frame));
        const again = await dumps(
          link,
          ours.map((message) => frameFor(generation, message)),
        );
        for (const [index, frame] of theirs.entries()) {
          expectSame(type, writeFrame(ours[index]!), frame);
          expectSame(type, frameFor(generation, ours[index]!), again[index]!);
          if (generation === 'new') expect(again[index]).toBe(frame);
        }
        task.meta.count = theirs.length;
      });
    }
  }
}
