import { withoutNuls } from '@horde/protocol';

const nothing = Buffer.alloc(0);

/** A piece of a stream's text. */
export interface TextPiece {
  /** Where its bytes begin and end in the stream. */
  offset: number;
  end: number;
  text: string;
}

/**
 * Makes text of a stream that comes in pieces, some of which may be missing. A character whose bytes are in two pieces
 * comes with the second. Bytes that are no UTF-8, and NUL, which databases do not take, become U+FFFD.
 */
export class StreamText {
  private rest = nothing;
  /** How much of the stream was seen, missing pieces included. */
  private seen = 0;

  /** @param offset how many bytes of the stream come before */
  write(offset: number, bytes: Buffer): TextPiece {
    if (offset !== this.seen) {
      this.rest = nothing;
      const start = firstCharacter(bytes);
      offset += start;
      bytes = bytes.subarray(start);
    }
    const all = this.rest.length > 0 ? Buffer.concat([this.rest, bytes]) : bytes;
    this.seen = offset + bytes.length;
    const whole = all.length - unfinished(all);
    this.rest = Buffer.from(all.subarray(whole));
    const begin = this.seen - all.length;
    return { offset: begin, end: begin + whole, text: textOf(all.subarray(0, whole)) };
  }

  /** What is left of a last character that has not come to its end. */
  end(): TextPiece {
    const { rest, seen } = this;
    this.rest = nothing;
    return { offset: seen - rest.length, end: seen, text: textOf(rest) };
  }
}

const textOf = (bytes: Buffer): string => withoutNuls(bytes.toString('utf8'));

const continues = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** Where the first character begins: behind the end of one whose beginning is missing. */
function firstCharacter(bytes: Buffer): number {
  let at = 0;
  while (at < 3 && continues(bytes[at])) at++;
  return at;
}

/** How many bytes at the end belong to a character whose other bytes are still to come. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (continues(byte)) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
