import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamText } from './stream-text.ts';

/** The pieces' texts, each checked to begin where the one before has ended. */
function read(pieces: Buffer[]): string {
  const stream = new StreamText();
  let [offset, end, text] = [0, 0, ''];
  for (const bytes of [...pieces, null]) {
    const piece = bytes ? stream.write(offset, bytes) : stream.end();
    expect(piece.offset).toBe(end);
    end = piece.end;
    text += piece.text;
    offset += bytes?.length ?? 0;
  }
  expect(end).toBe(offset);
  return text;
}

describe('text that comes in pieces', () => {
  it('is the same as in one piece, wherever it is cut', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', 'ż', '€', '😀', '\n') });
    fc.assert(
      fc.property(texts, fc.array(fc.nat({ max: 40 })), (text, cuts) => {
        const bytes = Buffer.from(text);
        const ends = [...cuts.filter((cut) => cut < bytes.length), bytes.length].sort((a, b) => a - b);
        expect(read(ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end)))).toBe(text);
      }),
    );
  });

  it('has all of its bytes, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 8 })), (pieces) => void read(pieces.map(Buffer.from))),
    );
  });

  it('has U+FFFD in the place of NUL, and of what is no UTF-8', () => {
    expect(read([Buffer.from('a\0b'), Buffer.from([0xff, 0x63]), Buffer.from([0xe2, 0x82])])).toBe('a�b�c�');
  });

  it('goes on behind a gap with the first whole character', () => {
    const stream = new StreamText();
    const bytes = Buffer.from('€'.repeat(10));
    expect(stream.write(0, bytes.subarray(0, 5))).toEqual({ offset: 0, end: 3, text: '€' });
    expect(stream.write(10, bytes.subarray(10, 18))).toEqual({ offset: 12, end: 18, text: '€€' });
  });
});
