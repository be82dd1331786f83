import type { FileHandle } from 'node:fs/promises';

const piece = 64 * 1024;

/** Cuts off what is behind the last line end: the rest of a write that was interrupted. @returns the size that is left */
export async function wholeLines(file: FileHandle): Promise<number> {
  const { size } = await file.stat();
  const buffer = Buffer.alloc(piece);
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - piece);
    const { bytesRead } = await file.read(buffer, 0, end - start, start);
    const lineEnd = buffer.lastIndexOf(0x0a, bytesRead - 1);
    if (lineEnd >= 0 && lineEnd < bytesRead) {
      const whole = start + lineEnd + 1;
      if (whole < size) await file.truncate(whole);
      return whole;
    }
    end = start;
  }
  if (size > 0) await file.truncate(0);
  return 0;
}
