import { crc32 } from 'node:zlib';

/** A member as its bytes stand in an archive; what is not said is what an honest writer would put there. */
export interface RawMember {
  name: string | Buffer;
  contents?: string | Buffer;
  /** The contents as `method` packs them. @default the contents themselves */
  packed?: Buffer;
  method?: number;
  flags?: number;
  /** File type and permissions. */
  mode?: number;
  size?: number;
  packedSize?: number;
  checksum?: number;
  /** The name in front of the contents. */
  headerName?: string | Buffer;
  extra?: Buffer;
  headerExtra?: Buffer;
  comment?: Buffer;
  /** The length of the comment, whatever it is. */
  commentLength?: number;
  /** Behind the contents; sizes and checksum are then left out before them. */
  descriptor?: Buffer;
  /** Where its header is. */
  offset?: number;
}

export interface RawEnd {
  before?: Buffer | string;
  behind?: Buffer | string;
  comment?: string;
  count?: number;
  directorySize?: number;
  directoryOffset?: number;
  /** Whether there are the records of ZIP64, which then have the numbers, with what stands between the two. */
  zip64?: Buffer | true;
  /** As the locator of ZIP64 says. */
  disks?: number;
}

/** A ZIP archive, byte by byte; wherever it is wrong, it is so because the test says so. */
export function rawZip(members: RawMember[], end: RawEnd = {}): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const header = localHeader(member);
    const file = Buffer.concat([header, packedOf(member), member.descriptor ?? Buffer.alloc(0)]);
    files.push(file);
    directory.push(directoryHeader(member, offset));
    offset += file.length;
  }
  return Buffer.concat([
    Buffer.from(end.before ?? ''),
    ...files,
    ...directory,
    endRecords(members.length, Buffer.concat(directory).length, offset, end),
    Buffer.from(end.behind ?? ''),
  ]);
}

/** A field as it stands in a member's extra data. */
export function extraField(id: number, data: Buffer): Buffer {
  return Buffer.concat([numbers([2, id], [2, data.length]), data]);
}

/** Little-endian numbers, each with its size in bytes. */
export function numbers(...fields: [size: number, value: number][]): Buffer {
  return Buffer.concat(
    fields.map(([size, value]) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt(value));
      return bytes.subarray(0, size);
    }),
  );
}

const contentsOf = ({ contents = '' }: RawMember) => Buffer.from(contents as string);
const packedOf = (member: RawMember) => member.packed ?? contentsOf(member);
const checksumOf = (member: RawMember) => member.checksum ?? crc32(contentsOf(member));
const packedSizeOf = (member: RawMember) => member.packedSize ?? packedOf(member).length;
const sizeOf = (member: RawMember) => member.size ?? contentsOf(member).length;

function localHeader(member: RawMember): Buffer {
  const { flags = 0, method = 0, descriptor, extra = Buffer.alloc(0), headerExtra = extra } = member;
  const name = Buffer.from((member.headerName ?? member.name) as string);
  const known = descriptor ? [0, 0, 0] : [checksumOf(member), packedSizeOf(member), sizeOf(member)];
  return Buffer.concat([
    numbers([4, 0x04034b50], [2, 20], [2, flags], [2, method], [4, 0]),
    numbers([4, known[0]!], [4, known[1]!], [4, known[2]!], [2, name.length], [2, headerExtra.length]),
    name,
    headerExtra,
  ]);
}

function directoryHeader(member: RawMember, at: number): Buffer {
  const { flags = 0, method = 0, mode = 0o100644, extra = Buffer.alloc(0), offset = at } = member;
  const { comment = Buffer.alloc(0), commentLength = comment.length } = member;
  const name = Buffer.from(member.name as string);
  return Buffer.concat([
    numbers([4, 0x02014b50], [1, 20], [1, 3], [2, 20], [2, flags], [2, method], [4, 0]),
    numbers([4, checksumOf(member)], [4, packedSizeOf(member)], [4, sizeOf(member)]),
    numbers([2, name.length], [2, extra.length], [2, commentLength], [2, 0], [2, 0]),
    numbers([2, 0], [2, mode], [4, offset]),
    name,
    extra,
    comment,
  ]);
}

function endRecords(members: number, directory: number, offset: number, end: RawEnd): Buffer {
  const { count = members, directorySize = directory, directoryOffset = offset, disks = 1 } = end;
  const comment = Buffer.from(end.comment ?? '');
  const record = (count: number, size: number, at: number) =>
    Buffer.concat([
      numbers([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, at]),
      numbers([2, comment.length]),
      comment,
    ]);
  if (!end.zip64) return record(count, directorySize, directoryOffset);
  const between = end.zip64 === true ? Buffer.alloc(0) : end.zip64;
  return Buffer.concat([
    numbers([4, 0x06064b50], [8, 44 + between.length], [2, 45], [2, 45], [4, 0], [4, 0]),
    numbers([8, count], [8, count], [8, directorySize], [8, directoryOffset]),
    between,
    numbers([4, 0x07064b50], [4, 0], [8, offset + directory], [4, disks]),
    record(0xffff, 0xffffffff, 0xffffffff),
  ]);
}
