import { readFile } from 'node:fs/promises';

const busyboxPlaces = ['/bin/busybox', '/usr/bin/busybox'];
const ptInterp = 3;

/**
 * This machine's busybox, which runs in an empty image because it needs no libraries.
 *
 * @throws Error saying how to get one
 */
export async function staticBusybox(places = busyboxPlaces): Promise<Buffer> {
  let found: string | undefined;
  for (const place of places) {
    const program = await readFile(place).catch(() => null);
    if (!program) continue;
    if (isStatic(program)) return program;
    found ??= place;
  }
  // No row of the catalogue: tools/image.ts reads this file as it is, without the libraries.
  const fact = found ? `${found} needs shared libraries.` : 'There is no busybox on this machine.';
  throw new Error(`${fact} A static one is needed: apt-get install busybox-static`);
}

/** Whether bytes are a 64-bit little-endian ELF program that asks for no loader of shared libraries. */
export function isStatic(program: Buffer): boolean {
  const elf64LittleEndian = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  if (program.length < 64 || !program.subarray(0, 6).equals(elf64LittleEndian)) return false;
  const headersAt = Number(program.readBigUInt64LE(32));
  const headerSize = program.readUInt16LE(54);
  const headers = program.readUInt16LE(56);
  if (headersAt + headers * headerSize > program.length) return false;
  const types = Array.from({ length: headers }, (_, index) =>
    program.readUInt32LE(headersAt + index * headerSize),
  );
  return !types.includes(ptInterp);
}
