/** What of a page's bytes is ready to be looked at. */
export interface SplitLines {
  /** Whole lines that are not empty, without their line ends. */
  lines: string[];
  /** How many were longer than a line may be; they are left out. */
  tooLong: number;
  /** What need not be read again: all but a last line that is not finished. @unit bytes */
  consumed: number;
}

/** Splits a part of a page. @param maxLine longer lines are left out, finished or not. @unit bytes */
export function splitLines(bytes: Buffer, maxLine: number): SplitLines {
  const lines: string[] = [];
  let tooLong = 0;
  let at = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, at)) {
    if (end - at > maxLine) tooLong++;
    else if (end > at) lines.push(bytes.toString('utf8', at, end));
    at = end + 1;
  }
  // Of a line that has no end the rest is another one, which nobody can read either.
  if (bytes.length - at > maxLine) return { lines, tooLong: tooLong + 1, consumed: bytes.length };
  return { lines, tooLong, consumed: at };
}
