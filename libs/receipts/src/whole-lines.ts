import type { FileHandle } from 'node:fs/promises';

const piece = 64 * 1024;

/** How much of a file is whole lines: what is behind the last line end is the rest of an interrupted write. @unit bytes */
export async function wholeLines(file: FileHandle): Promise<number> {
  const { size } = await file.stat();
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
