import type { StoredPart } from './job-output.ts';

/** Reads what there is of a stream from an offset on, at most so many bytes; null or undefined: nothing. */
type ReadOutput = (offset: number, max: number) => Promise<StoredPart | null | undefined>;

/**
 * What there is of a stream, in pieces that cut no character of UTF-8. What begins later than the piece before ends follows a
 * gap. Where the rest of a character is still to come, the pieces end before it.
 *
 * @param from where to begin. @unit bytes
 * @param max how large a piece is at most. @unit bytes
 */
export async function* outputPieces(
  read: ReadOutput,
  from: number,
  max: number,
): AsyncGenerator<Pick<StoredPart, 'offset' | 'data' | 'end'>> {
  for (let at = from; ;) {
    const part = await read(at, max);
    if (!part) return;
    const { offset, end } = part;
    const whole = part.data.subarray(0, part.data.length - cutBytes(part.data));
    const isStuck = whole.length === 0 && part.data.length > 0;
    if (isStuck && !end) {
      // The rest of the character is still to come, has just come, or never will.
      const behind = offset + part.data.length;
      const next = await read(behind, 1);
      if (!next) return;
      if (next.offset === behind && next.data.length > 0) {
        at = offset;
        continue;
      }
    }
    const data = isStuck || (end && part.data.length < max) ? part.data : whole;
    const isLast = end && data.length === part.data.length;
    yield { offset, data, end: isLast };
    if (data.length === 0 || isLast) return;
    at = offset + data.length;
  }
}

/** How many bytes at the end are the beginning of a character whose rest is missing: at most 3. */
function cutBytes(data: Buffer): number {
  for (let back = 1; back <= Math.min(3, data.length); back++) {
    const byte = data[data.length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
