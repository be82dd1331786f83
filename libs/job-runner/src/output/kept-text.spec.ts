import { describe, expect, it } from 'vitest';
import { KeptText } from './kept-text.ts';

function kept(bytes: Buffer | string, pieces = 1): string {
  const all = Buffer.from(bytes);
  const text = new KeptText();
  const size = Math.ceil(all.length / pieces);
  for (let at = 0; at < all.length; at += size) text.add(all.subarray(at, at + size));
  return text.text();
}

/** ComputeHorde's rule, written down as it is told: in code points. */
function cut(text: string): string {
  const points = Array.from(text);
  return points.length > 1_000_000
    ? `${points.slice(0, 500_000).join('')} ... ${points.slice(-500_000).join('')}`
    : text;
}

describe('the text of a stream in a result', () => {
  it.each([
    ['nothing', ''],
    ['a few words', 'hello\n'],
    ['1 000 000 characters', 'ab'.repeat(500_000)],
    ['1 000 001 characters', 'ab'.repeat(500_000) + 'c'],
    ['1 000 000 characters of four bytes', '😀'.repeat(1_000_000)],
    ['1 000 001 characters of four bytes', '😀'.repeat(1_000_000) + 'a'],
    ['a million characters of several lengths', 'aé€😀\n'.repeat(210_000)],
    ['much more than is kept', '😀é€a'.repeat(1_300_000)],
  ])('is the whole or its two ends: %s', (_what, text) => {
    expect(kept(text) === cut(text)).toBe(true);
    expect(kept(text, 997) === cut(text)).toBe(true);
  });

  it('does not depend on how the bytes came', () => {
    const text = 'é😀'.repeat(2_000);
    expect(kept(text, 12_000)).toBe(text);
    const long = 'x😀yz'.repeat(900_000);
    expect(kept(long, 3) === cut(long)).toBe(true);
  });

  it('reads NUL and bytes that are not UTF-8 as U+FFFD, and keeps a byte order mark', () => {
    expect(kept(Buffer.from([0x61, 0, 0xff, 0xc3, 0x28, 0xef, 0xbb, 0xbf]))).toBe(
      'a\uFFFD\uFFFD\uFFFD(\uFEFF',
    );
  });

  it('survives a flood of bytes that are not UTF-8', () => {
    const text = kept(Buffer.alloc(9_000_000, 0x80), 100);
    expect(text).toBe(`${'\uFFFD'.repeat(500_000)} ... ${'\uFFFD'.repeat(500_000)}`);
  });
});
