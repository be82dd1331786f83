import { ArchiveRefused } from './archive.ts';
import type { PackedBytes } from './packed-bytes.ts';

const outputSize = 64 * 1024;
const maxCodeLength = 20;
/** Symbols that are coded with one table, before the next selector's turn. */
const groupSize = 50;
const runA = 0;
const runB = 1;

/**
 * Unpacks one bzip2 stream, as Julian Seward's bzip2 writes it. Its own checksums are left alone: the archive has one of
 * the whole. Blocks of the kind that bzip2 gave up in 1997 ("randomised") are refused.
 *
 * The libraries for it decode whole files at a time, or have been left alone for years.
 *
 * @returns chunks that hold until the next one is asked for; an empty one behind each block
 * @throws ArchiveRefused; EndOfPacked
 */
export function* bunzip2(packed: PackedBytes): Generator<Buffer> {
  const bits = new Bits(packed);
  if (bits.take(24) !== 0x425a68) throw damaged(); // BZh
  const level = bits.take(8) - 0x30;
  if (level < 1 || level > 9) throw damaged();
  const block = new Uint32Array(level * 100_000);
  const output = Buffer.allocUnsafeSlow(outputSize);
  for (;;) {
    const magic = [bits.take(24), bits.take(24)];
    if (magic[0] === 0x177245 && magic[1] === 0x385090) return; // the end
    if (magic[0] !== 0x314159 || magic[1] !== 0x265359) throw damaged();
    bits.take(32); // its checksum
    yield* contentsOfBlock(block, readBlock(bits, block), output);
    yield output.subarray(0, 0);
  }
}

const damaged = () => new ArchiveRefused('its compressed data is damaged');

/** Bits from the highest of each byte to the lowest. */
class Bits {
  private held = 0;
  private count = 0;

  constructor(private readonly packed: PackedBytes) {}

  one(): number {
    if (this.count === 0) {
      this.held = this.packed.next();
      this.count = 8;
    }
    return (this.held >>> --this.count) & 1;
  }

  take(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = ((value << 1) | this.one()) >>> 0;
    return value;
  }
}

/** A Huffman table in its canonical form: the codes of one length follow each other, in the order of the symbols. */
interface Table {
  /** By length: the first code, how many there are, and where their symbols begin. */
  first: Int32Array;
  count: Int32Array;
  start: Int32Array;
  symbols: Uint16Array;
}

interface Block {
  length: number;
  /** Where the original text begins in the sorted one. */
  origin: number;
}

/** Reads a block's bytes as they were sorted, each into the low 8 bits of a place in `block`. */
function readBlock(bits: Bits, block: Uint32Array): Block {
  if (bits.one()) throw damaged();
  const origin = bits.take(24);
  const alphabet = readAlphabet(bits);
  const endOfBlock = alphabet.length + 1;
  const tableCount = bits.take(3);
  if (tableCount < 2 || tableCount > 6) throw damaged();
  const selectors = readSelectors(bits, tableCount);
  const tables = Array.from({ length: tableCount }, () => readTable(bits, endOfBlock + 1));

  let length = 0;
  let run = 0;
  let runWeight = 1;
  for (let group = 0; ; group++) {
    if (group === selectors.length) throw damaged();
    const table = tables[selectors[group]!]!;
    for (let i = 0; i < groupSize; i++) {
      const symbol = readSymbol(bits, table);
      if (symbol === runA || symbol === runB) {
        // Numbers of base 2 with the digits 1 and 2.
        run += runWeight * (symbol + 1);
        runWeight *= 2;
        if (run > block.length) throw damaged();
        continue;
      }
      if (run > 0) {
        if (length + run > block.length) throw damaged();
        block.fill(alphabet[0]!, length, length + run);
        length += run;
        run = 0;
        runWeight = 1;
      }
      if (symbol === endOfBlock) {
        if (origin >= length) throw damaged();
        return { length, origin };
      }
      if (length === block.length) throw damaged();
      block[length++] = moveToFront(alphabet, symbol - 1);
    }
  }
}

/** The bytes that a block has at all, in their order. */
function readAlphabet(bits: Bits): Uint8Array {
  const sixteens = bits.take(16);
  const alphabet: number[] = [];
  for (let high = 0; high < 16; high++) {
    if (!(sixteens & (0x8000 >>> high))) continue;
    const present = bits.take(16);
    for (let low = 0; low < 16; low++) {
      if (present & (0x8000 >>> low)) alphabet.push(high * 16 + low);
    }
  }
  if (alphabet.length === 0) throw damaged();
  return Uint8Array.from(alphabet);
}

/** Which table codes which group of symbols. */
function readSelectors(bits: Bits, tableCount: number): Uint8Array {
  const selectors = new Uint8Array(bits.take(15));
  const recent = Uint8Array.from({ length: tableCount }, (_, index) => index);
  for (let i = 0; i < selectors.length; i++) {
    let place = 0;
    while (bits.one()) if (++place === tableCount) throw damaged();
    selectors[i] = moveToFront(recent, place);
  }
  return selectors;
}

function moveToFront(list: Uint8Array, place: number): number {
  const value = list[place]!;
  list.copyWithin(1, 0, place);
  list[0] = value;
  return value;
}

function readTable(bits: Bits, symbolCount: number): Table {
  const lengths = new Uint8Array(symbolCount);
  const count = new Int32Array(maxCodeLength + 1);
  let length = bits.take(5);
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    while (bits.one()) length += bits.one() ? -1 : 1;
    if (length < 1 || length > maxCodeLength) throw damaged();
    lengths[symbol] = length;
    count[length]!++;
  }
  const first = new Int32Array(maxCodeLength + 1);
  const start = new Int32Array(maxCodeLength + 2);
  for (let bit = 1; bit <= maxCodeLength; bit++) {
    first[bit] = (first[bit - 1]! + count[bit - 1]!) * 2;
    start[bit + 1] = start[bit]! + count[bit]!;
  }
  const symbols = new Uint16Array(symbolCount);
  const at = start.slice();
  lengths.forEach((bit, symbol) => (symbols[at[bit]!++] = symbol));
  return { first, count, start, symbols };
}

function readSymbol(bits: Bits, { first, count, start, symbols }: Table): number {
  let code = 0;
  for (let length = 1; length <= maxCodeLength; length++) {
    code = (code << 1) | bits.one();
    const place = code - first[length]!;
    if (place < count[length]!) {
      if (place < 0) break;
      return symbols[start[length]! + place]!;
    }
  }
  throw damaged();
}

/** Undoes the Burrows-Wheeler transform, and the runs that were shortened before it: four equal bytes and a count. */
function* contentsOfBlock(block: Uint32Array, { length, origin }: Block, output: Buffer): Generator<Buffer> {
  const next = new Uint32Array(256);
  for (let i = 0; i < length; i++) next[block[i]!]!++;
  for (let byte = 0, sum = 0; byte < 256; byte++) {
    const count = next[byte]!;
    next[byte] = sum;
    sum += count;
  }
  // Above each byte, the place of the byte that follows it in the text.
  for (let i = 0; i < length; i++) {
    const place = next[block[i]! & 0xff]!++;
    block[place] = block[place]! | (i << 8);
  }
  let place = block[origin]! >>> 8;
  let filled = 0;
  let previous = -1;
  let equal = 0;
  for (let i = 0; i < length; i++) {
    const byte = block[place]! & 0xff;
    place = block[place]! >>> 8;
    let repeat = 1;
    if (equal === 4) {
      repeat = byte;
      equal = 0;
    } else {
      equal = byte === previous ? equal + 1 : 1;
      previous = byte;
    }
    if (filled + 256 > output.length) {
      yield output.subarray(0, filled);
      filled = 0;
    }
    if (repeat === 1) output[filled++] = previous;
    else output.fill(previous, filled, (filled += repeat));
  }
  yield output.subarray(0, filled);
}
