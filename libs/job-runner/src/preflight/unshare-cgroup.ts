import { SecurityCheckFailed } from './security-check-failed.ts';

/** Exit code of `unshareCgroup()` where the kernel does not give it a namespace. */
export const noNamespaceStatus = 77;

interface Machine {
  /** `e_machine` of its ELF programs. */
  elf: number;
  /**
   * `unshare(CLONE_NEWCGROUP)`, or exit with 77; then `execve(argv[1], argv + 1, environment)`, or exit with 78.
   */
  code: string;
}

const machines: Partial<Record<NodeJS.Architecture, Machine>> = {
  x64: {
    elf: 62,
    code:
      'bf00000002b8100100000f0585c0751f488b0424488d742410488d54c410488b3eb83b0000000f05bf4e000000eb05bf4d000000' +
      'b83c0000000f05',
  },
  arm64: {
    elf: 183,
    code:
      '0040a0d2280c80d2010000d4200100b5e30340f9e1430091220c038b200040f9a81b80d2010000d4c00980d202000014a00980d2' +
      'a80b80d2010000d4',
  },
};

const baseAddress = 0x400000;
const elfHeaderSize = 64;
const programHeaderSize = 56;

/**
 * A Linux program of a few instructions that runs its arguments in a cgroup namespace of their own: what
 * `unshare --cgroup` does, which busybox's `unshare` cannot.
 *
 * @throws SecurityCheckFailed on a processor that is neither x86-64 nor arm64
 */
export function unshareCgroup(architecture: NodeJS.Architecture = process.arch): Buffer {
  const machine = machines[architecture];
  if (!machine)
    throw new SecurityCheckFailed(`There is no program for a processor of the kind ${architecture}.`);
  const code = Buffer.from(machine.code, 'hex');
  const start = elfHeaderSize + programHeaderSize;
  const program = Buffer.alloc(start + code.length);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(program); // 64 bits, little-endian
  program.writeUInt16LE(2, 16); // an executable
  program.writeUInt16LE(machine.elf, 18);
  program.writeUInt32LE(1, 20);
  program.writeBigUInt64LE(BigInt(baseAddress + start), 24); // where it starts
  program.writeBigUInt64LE(BigInt(elfHeaderSize), 32); // where the program header is
  program.writeUInt16LE(elfHeaderSize, 52);
  program.writeUInt16LE(programHeaderSize, 54);
  program.writeUInt16LE(1, 56); // one program header: all of the file, to read and to execute
  program.writeUInt32LE(1, elfHeaderSize);
  program.writeUInt32LE(5, elfHeaderSize + 4);
  program.writeBigUInt64LE(BigInt(baseAddress), elfHeaderSize + 16);
  program.writeBigUInt64LE(BigInt(baseAddress), elfHeaderSize + 24);
  program.writeBigUInt64LE(BigInt(program.length), elfHeaderSize + 32);
  program.writeBigUInt64LE(BigInt(program.length), elfHeaderSize + 40);
  program.writeBigUInt64LE(0x10000n, elfHeaderSize + 48);
  code.copy(program, start);
  return program;
}
