/** ComputeHorde's results: a stream of more code points than this is cut to its two ends. */
const MOST = 1_000_000;
const END = MOST / 2;
/** A code point takes at most 4 bytes: each buffer holds its 500 000, and a few bytes to find the next start. */
const BUFFER = END * 4 + 16;

/**
 * Keeps the two ends of a stream of any length in at most 4 MB, and gives the text that a result carries. Nothing is
 * decoded before the end: a stream longer than both buffers has more than 1 000 000 code points in any case.
 */
export class KeptText {
  private head = Buffer.alloc(0);
  private headLength = 0;
  private ring: Buffer | null = null;
  /** Bytes that went to the ring so far. */
  private ringTotal = 0;

  add(chunk: Buffer): void {
    const toHead = Math.min(chunk.length, BUFFER - this.headLength);
    if (toHead > 0) this.addToHead(chunk.subarray(0, toHead));
    if (toHead < chunk.length) this.addToRing(chunk.subarray(toHead));
  }

  /** Bytes that are not UTF-8, and NUL, read as U+FFFD. */
  text(): string {
    const head = this.head.subarray(0, this.headLength);
    const tail = this.tail();
    if (this.ringTotal <= BUFFER) {
      const whole = decode(Buffer.concat([head, tail]));
      const cut = forward(whole, MOST) < whole.length;
      return cut ? twoEnds(whole, whole) : whole;
    }
    return twoEnds(decode(head), decode(tail.subarray(startOfCharacter(tail))));
  }

  private addToHead(chunk: Buffer): void {
    const needed = this.headLength + chunk.length;
    if (needed > this.head.length) {
      const larger = Buffer.alloc(Math.min(BUFFER, Math.max(needed, this.head.length * 2, 4096)));
      this.head.copy(larger, 0, 0, this.headLength);
      this.head = larger;
    }
    chunk.copy(this.head, this.headLength);
    this.headLength = needed;
  }

  private addToRing(chunk: Buffer): void {
    this.ring ??= Buffer.alloc(BUFFER);
    const kept = chunk.subarray(Math.max(0, chunk.length - BUFFER));
    const at = (this.ringTotal + chunk.length - kept.length) % BUFFER;
    const copied = kept.copy(this.ring, at);
    kept.copy(this.ring, 0, copied);
    this.ringTotal += chunk.length;
  }

  private tail(): Buffer {
    if (!this.ring) return Buffer.alloc(0);
    if (this.ringTotal <= BUFFER) return this.ring.subarray(0, this.ringTotal);
    const at = this.ringTotal % BUFFER;
    return Buffer.concat([this.ring.subarray(at), this.ring.subarray(0, at)]);
  }
}

function twoEnds(first: string, last: string): string {
  return `${first.slice(0, forward(first, END))} ... ${last.slice(backward(last, END))}`;
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

function decode(bytes: Buffer): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).replaceAll('\0', '\uFFFD');
}

/** Skips what is left of a character that was cut at the start: at most 3 continuation bytes. */
function startOfCharacter(bytes: Buffer): number {
  let at = 0;
  while (at < 3 && (bytes[at]! & 0xc0) === 0x80) at++;
  return at;
}
