import type { FileHandle } from 'node:fs/promises';

const piece = 64 * 1024;

/**
 * How much of a file is whole lines: what is behind the last line end is the rest of an interrupted write.
 * @param size as far as is looked at. @unit bytes @default all of it
 * @unit bytes
 */
export async function wholeLines(file: FileHandle, size?: number): Promise<number> {
  size ??= (await file.stat()).size;
  const buffer = Buffer.alloc(Math.min(piece, size));
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - piece);
    const { bytesRead } = await file.read(buffer, 0, end - start, start);
    const lineEnd = buffer.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (lineEnd >= 0) return start + lineEnd + 1;
    end = start;
  }
  return 0;
}

/**
 * Where a file's first NUL is; its size when it has none. A machine that has lost its power may leave NULs in the place of
 * what it has not written any more, with later lines behind them. @unit bytes
 */
export async function firstNul(file: FileHandle): Promise<number> {
  const buffer = Buffer.alloc(piece);
  for (let at = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, piece, at);
    if (bytesRead === 0) return at;
    const nul = buffer.subarray(0, bytesRead).indexOf(0);
    if (nul >= 0) return at + nul;
    at += bytesRead;
  }
}
