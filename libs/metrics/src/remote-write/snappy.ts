/** Copies are looked for as far back as two bytes tell. @unit bytes */
const window = 65_535;
const minCopy = 4;
const maxCopy = 64;
/** How many places of earlier bytes are remembered: 2 ** bits. */
const bits = 14;

/** Compresses to Snappy's block format, which Prometheus reads. */
export function snappy(input: Buffer): Buffer {
  const parts: Buffer[] = [varint(BigInt(input.length))];
  const places = new Int32Array(1 << bits).fill(-1);
  let literal = 0;
  let at = 0;
  while (at + minCopy <= input.length) {
    const word = input.readUInt32LE(at);
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - bits);
    const before = places[slot]!;
    places[slot] = at;
    if (before < 0 || at - before > window || input.readUInt32LE(before) !== word) {
      at++;
      continue;
    }
    let length = minCopy;
    while (
      length < maxCopy &&
      input[at + length] !== undefined &&
      input[before + length] === input[at + length]
    )
      length++;
    pushLiteral(parts, input.subarray(literal, at));
    const offset = at - before;
    parts.push(Buffer.from([((length - 1) << 2) | 2, offset & 0xff, offset >> 8]));
    at += length;
    literal = at;
  }
  pushLiteral(parts, input.subarray(literal));
  return Buffer.concat(parts);
}

/** Bytes as they are: their length less one, in the tag where it fits, else in the four bytes behind it. */
function pushLiteral(parts: Buffer[], bytes: Buffer): void {
  if (bytes.length === 0) return;
  const last = bytes.length - 1;
  const tag = last < 60 ? Buffer.from([last << 2]) : Buffer.alloc(5, 63 << 2);
  if (last >= 60) tag.writeUInt32LE(last, 1);
  parts.push(tag, bytes);
}

/** Seven bits a byte, the lowest first, as Snappy and protobuf have it. */
export function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left >>= 7n) {
    if (left < 128n) return Buffer.from([...bytes, Number(left)]);
    bytes.push(Number(left & 127n) | 128);
  }
}
