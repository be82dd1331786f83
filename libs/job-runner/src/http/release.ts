/** Smaller ones may share their memory, and are not worth it. */
const minReleased = 4096;

/**
 * Gives a buffer's memory back now instead of at the next garbage collection, which would let some 80 MB of them pile
 * up in a large download. Nothing may read the buffer any more. One that shares its memory, or was given back before, is left alone.
 */
export function release(chunk: Uint8Array): void {
  const { buffer, byteOffset, byteLength } = chunk;
  const isWhole = byteOffset === 0 && byteLength === buffer.byteLength;
  if (isWhole && byteLength >= minReleased && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
