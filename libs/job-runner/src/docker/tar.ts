const blockSize = 512;

/** A file, or a folder where `data` is null; its path is relative to the archive's root. Everybody may read it. */
export interface TarEntry {
  path: string;
  data: Buffer | null;
  /** Permission bits. @default 0o755 */
  mode?: number;
}

/** An uncompressed ustar archive of a few small entries, owned by root, the same bytes for the same entries. */
export function tarball(entries: TarEntry[]): Buffer {
  const parts = entries.flatMap(({ path, data, mode = 0o755 }) => {
    const size = data?.length ?? 0;
    const padding = Buffer.alloc((blockSize - (size % blockSize)) % blockSize);
    return [header(path, size, mode, data ? '0' : '5'), data ?? Buffer.alloc(0), padding];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * blockSize)]);
}

function header(path: string, size: number, mode: number, type: '0' | '5'): Buffer {
  if (Buffer.byteLength(path) > 100) throw new RangeError(`The path ${path} is too long for a tar header.`);
  const block = Buffer.alloc(blockSize);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  block.write(path, 0);
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(0, 11), 136);
  block.write(' '.repeat(8), 148);
  block.write(type, 156);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148);
  return block;
}
