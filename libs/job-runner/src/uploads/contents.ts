/** Bytes to upload. */
export interface Contents {
  size: number;
  /**
   * Reads all of them from the start, each time. A piece is good until the next is asked for: they share their memory.
   * Fails when the bytes are others by now.
   */
  read(): AsyncGenerator<Buffer>;
}
