/** ComputeHorde's results: a stream of more code points than this is cut to its two ends. */
const maxKept = 1_000_000;
const endSize = maxKept / 2;
/** A code point takes at most 4 bytes: each buffer holds its 500 000, and a few bytes to find the next start. */
const bufferSize = endSize * 4 + 16;

/**
 * Keeps the two ends of a stream of any length in at most 4 MB, and gives the text that a result carries. Nothing is
 * decoded before the end: a stream longer than both buffers has more than 1 000 000 code points in any case.
 */
export class KeptText {
  // Each is made once, in full: memory that nothing was written to yet costs nothing, and growing would leave garbage.
  private head: Buffer | null = null;
  private headLength = 0;
  private ring: Buffer | null = null;
  /** Bytes that went to the ring so far. */
  private ringTotal = 0;

  /** Takes a copy of some bytes of a chunk. */
  add(chunk: Buffer, from = 0, to = chunk.length): void {
    this.head ??= Buffer.alloc(bufferSize);
    const toHead = Math.min(to, from + bufferSize - this.headLength);
    this.headLength += chunk.copy(this.head, this.headLength, from, toHead);
    if (toHead < to) this.addToRing(chunk, toHead, to);
  }

  /** Bytes that are not UTF-8, and NUL, read as U+FFFD. */
  text(): string {
    const head = this.head?.subarray(0, this.headLength) ?? Buffer.alloc(0);
    const tail = this.tail();
    if (this.ringTotal <= bufferSize) {
      const whole = decode(tail.length > 0 ? Buffer.concat([head, tail]) : head);
      const cut = forward(whole, maxKept) < whole.length;
      return cut ? twoEnds(whole, whole) : whole;
    }
    return twoEnds(firstOf(head), lastOf(tail));
  }

  private addToRing(chunk: Buffer, from: number, to: number): void {
    this.ring ??= Buffer.alloc(bufferSize);
    const keptFrom = Math.max(from, to - bufferSize);
    const at = (this.ringTotal + keptFrom - from) % bufferSize;
    const copied = chunk.copy(this.ring, at, keptFrom, to);
    chunk.copy(this.ring, 0, keptFrom + copied, to);
    this.ringTotal += to - from;
  }

  private tail(): Buffer {
    if (!this.ring) return Buffer.alloc(0);
    if (this.ringTotal <= bufferSize) return this.ring.subarray(0, this.ringTotal);
    const at = this.ringTotal % bufferSize;
    return Buffer.concat([this.ring.subarray(at), this.ring.subarray(0, at)]);
  }
}

function twoEnds(first: string, last: string): string {
  return `${first.slice(0, forward(first, endSize))} ... ${last.slice(backward(last, endSize))}`;
}

/** The text of the first bytes, as short as it can be with `endSize` code points in it. */
function firstOf(head: Buffer): string {
  // Of most texts a part is enough. The last character of a part may be cut.
  const part = decode(head.subarray(0, endSize + 16));
  return forward(part, endSize + 4) < part.length ? part : decode(head);
}

/** The text of the last bytes, as short as it can be with `endSize` code points in it. */
function lastOf(tail: Buffer): string {
  const part = tail.subarray(-(endSize + 16));
  const text = decode(part.subarray(startOfCharacter(part)));
  return backward(text, endSize) > 0 ? text : decode(tail.subarray(startOfCharacter(tail)));
}

/** Where the code point after the first `points` ones begins; at most the text's length. */
function forward(text: string, points: number): number {
  let at = 0;
  for (let left = points; left > 0 && at < text.length; left--) at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  return at;
}

/** Where the last `points` code points begin. Decoded text has no surrogate without its other half. */
function backward(text: string, points: number): number {
  let at = text.length;
  for (let left = points; left > 0 && at > 0; left--) at -= isLowSurrogate(text.charCodeAt(at - 1)) ? 2 : 1;
  return at;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** Overwrites each NUL with a byte that is not UTF-8, which reads as U+FFFD: as a text, with millions of them, it is slow. */
function decode(bytes: Buffer): string {
  for (let at = bytes.indexOf(0); at >= 0 && at < bytes.length; at++) if (bytes[at] === 0) bytes[at] = 0xff;
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** Skips what is left of a character that was cut at the start: at most 3 continuation bytes. */
function startOfCharacter(bytes: Buffer): number {
  let at = 0;
  while (at < 3 && (bytes[at]! & 0xc0) === 0x80) at++;
  return at;
}
