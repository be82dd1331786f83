import { release } from '../../http/release.ts';
import { ArchiveRefused } from './archive.ts';
import type { PackedBytes } from './packed-bytes.ts';

const outputSize = 64 * 1024;
/** The largest dictionary in bytes: what 7-Zip's strongest level uses. */
const maxDictionary = 256 * 1024 * 1024;
const minDictionary = 4096;

/** Probabilities are 11 bits wide, begin in the middle, and move by a 32nd of the way. */
const probabilityBits = 11;
const evenOdds = 1 << (probabilityBits - 1);
const moveBits = 5;
/** The range is widened by a byte when it is less. */
const minRange = 2 ** 24;

const minMatch = 2;
const maxPositionBits = 4;
const lowAndMidSymbols = 1 << 3;
const distanceContexts = 4;
const slotBits = 6;
/** Distances from this slot on have bits in the middle that are not predicted. */
const firstDirectSlot = 14;
const alignBits = 4;
const literalSize = 0x300;

/** Where each kind of decision has its probabilities, in one array; the literals' come last. */
const length = {
  isMid: 0,
  isHigh: 1,
  low: 2,
  mid: 2 + (lowAndMidSymbols << maxPositionBits),
  high: 2 + ((2 * lowAndMidSymbols) << maxPositionBits),
  size: 2 + ((2 * lowAndMidSymbols) << maxPositionBits) + 256,
};
const states = 12;
const isMatch = 0;
const isRep = isMatch + (states << maxPositionBits);
const isNotRep0 = isRep + states;
const isNotRep1 = isNotRep0 + states;
const isNotRep2 = isNotRep1 + states;
const isLongRep0 = isNotRep2 + states;
const slots = isLongRep0 + (states << maxPositionBits);
const reversed = slots + (distanceContexts << slotBits);
const align = reversed + 128;
const matchLength = align + (1 << alignBits);
const repLength = matchLength + length.size;
const literals = repLength + length.size;

/**
 * Unpacks what ZIP's method 14 holds: a version, the properties with their size, and an LZMA stream, by Igor Pavlov's
 * public description of the format. It is at its end after `size` bytes or at its end mark.
 *
 * The libraries for it hold the whole of a file in memory, or do not bound what it grows to.
 *
 * @returns chunks that hold until the next one is asked for
 * @throws ArchiveRefused; EndOfPacked
 */
export function* unlzma(packed: PackedBytes, size: number): Generator<Buffer> {
  const header = Buffer.from(Array.from({ length: 9 }, () => packed.next()));
  if (header.readUInt16LE(2) !== 5 || header[4]! >= 9 * 5 * 5) throw damaged();
  const dictionary = Math.min(Math.max(header.readUInt32LE(5), minDictionary), size);
  if (dictionary > maxDictionary) {
    throw new ArchiveRefused(`unpacking it takes more than ${maxDictionary / 2 ** 20} MiB of memory`);
  }
  const memory = Buffer.alloc(dictionary);
  try {
    const decoder = new Decoder(packed, header[4]!, memory);
    for (let left = size; left > 0;) {
      const chunk = decoder.some(Math.min(left, outputSize));
      yield chunk;
      if (decoder.ended) return;
      left -= chunk.length;
    }
  } finally {
    release(memory); // at once: the next member may want as much
  }
}

const damaged = () => new ArchiveRefused('its compressed data is damaged');

class Decoder {
  /** The end mark was read. */
  ended = false;

  private readonly odds: Uint16Array;
  private readonly literalBits: number;
  private readonly literalMask: number;
  private readonly positionMask: number;

  private range = 0xffffffff;
  private code = 0;

  private state = 0;
  /** The last four distances, less 1. */
  private rep0 = 0;
  private rep1 = 0;
  private rep2 = 0;
  private rep3 = 0;
  /** Bytes of a match that had no room any more. */
  private pending = 0;

  private position = 0;
  /** Where in the dictionary the next byte goes. */
  private at = 0;

  constructor(
    private readonly packed: PackedBytes,
    properties: number,
    private readonly dictionary: Buffer,
  ) {
    this.literalBits = properties % 9;
    this.literalMask = (1 << (Math.trunc(properties / 9) % 5)) - 1;
    this.positionMask = (1 << Math.trunc(properties / 45)) - 1;
    const literalContexts = (this.literalMask + 1) << this.literalBits;
    this.odds = new Uint16Array(literals + literalSize * literalContexts).fill(evenOdds);
    if (packed.next() !== 0) throw damaged();
    for (let i = 0; i < 4; i++) this.code = ((this.code << 8) | packed.next()) >>> 0;
  }

  /** Some more bytes, at most `limit`; none only at the end. */
  some(limit: number): Buffer {
    if (this.at === this.dictionary.length) this.at = 0;
    const start = this.at;
    const end = Math.min(start + limit, this.dictionary.length);
    while (this.at < end && !this.ended) {
      if (this.pending > 0) this.copy(end);
      else this.step(end);
    }
    return this.dictionary.subarray(start, this.at);
  }

  private step(end: number): void {
    const { state } = this;
    const positionState = this.position & this.positionMask;
    if (!this.bit(isMatch + (state << maxPositionBits) + positionState)) {
      this.put(this.literal());
      this.state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
      return;
    }
    if (this.bit(isRep + state)) this.repeatedMatch(positionState);
    else this.newMatch(positionState);
    if (this.ended) return;
    if (this.rep0 >= this.position || this.rep0 >= this.dictionary.length) throw damaged();
    this.copy(end);
  }

  private newMatch(positionState: number): void {
    this.rep3 = this.rep2;
    this.rep2 = this.rep1;
    this.rep1 = this.rep0;
    const extra = this.length(matchLength, positionState);
    this.rep0 = this.distance(extra);
    this.ended = this.rep0 === 0xffffffff;
    this.pending = minMatch + extra;
    this.state = this.state < 7 ? 7 : 10;
  }

  /** At one of the last four distances. */
  private repeatedMatch(positionState: number): void {
    const { state } = this;
    if (this.bit(isNotRep0 + state)) {
      let distance = this.rep1;
      if (this.bit(isNotRep1 + state)) {
        distance = this.rep2;
        if (this.bit(isNotRep2 + state)) {
          distance = this.rep3;
          this.rep3 = this.rep2;
        }
        this.rep2 = this.rep1;
      }
      this.rep1 = this.rep0;
      this.rep0 = distance;
    } else if (!this.bit(isLongRep0 + (state << maxPositionBits) + positionState)) {
      this.pending = 1;
      this.state = state < 7 ? 9 : 11;
      return;
    }
    this.pending = minMatch + this.length(repLength, positionState);
    this.state = state < 7 ? 8 : 11;
  }

  private literal(): number {
    const previous = this.position === 0 ? 0 : this.byteBack(0);
    const context =
      ((this.position & this.literalMask) << this.literalBits) + (previous >> (8 - this.literalBits));
    const base = literals + literalSize * context;
    let symbol = 1;
    if (this.state >= 7) {
      // Behind a match, the byte that would continue it is a hint, until it is wrong for the first time.
      let hint = this.byteBack(this.rep0);
      while (symbol < 0x100) {
        const hinted = (hint >> 7) & 1;
        hint <<= 1;
        const bit = this.bit(base + ((1 + hinted) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (bit !== hinted) break;
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.bit(base + symbol);
    return symbol & 0xff;
  }

  /** How much longer a match is than the shortest. */
  private length(base: number, positionState: number): number {
    const offset = positionState * lowAndMidSymbols;
    if (!this.bit(base + length.isMid)) return this.tree(base + length.low + offset, 3);
    if (!this.bit(base + length.isHigh)) return lowAndMidSymbols + this.tree(base + length.mid + offset, 3);
    return 2 * lowAndMidSymbols + this.tree(base + length.high, 8);
  }

  private distance(extra: number): number {
    const context = Math.min(extra, distanceContexts - 1);
    const slot = this.tree(slots + (context << slotBits), slotBits);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const high = ((2 | (slot & 1)) << bits) >>> 0;
    if (slot < firstDirectSlot) return high + this.reversedTree(reversed + high - slot, bits);
    const middle = this.directBits(bits - alignBits) * (1 << alignBits);
    return high + middle + this.reversedTree(align, alignBits);
  }

  private put(byte: number): void {
    this.dictionary[this.at++] = byte;
    this.position++;
  }

  private copy(end: number): void {
    const count = Math.min(this.pending, end - this.at);
    for (let i = 0; i < count; i++) this.put(this.byteBack(this.rep0));
    this.pending -= count;
  }

  /** @param distance less 1 */
  private byteBack(distance: number): number {
    const from = this.at - distance - 1;
    return this.dictionary[from < 0 ? from + this.dictionary.length : from]!;
  }

  private bit(index: number): 0 | 1 {
    this.widen();
    const odds = this.odds[index]!;
    const bound = (this.range >>> probabilityBits) * odds;
    if (this.code < bound) {
      this.range = bound;
      this.odds[index] = odds + (((1 << probabilityBits) - odds) >> moveBits);
      return 0;
    }
    this.range -= bound;
    this.code -= bound;
    this.odds[index] = odds - (odds >> moveBits);
    return 1;
  }

  private directBits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      this.widen();
      this.range >>>= 1;
      const bit = this.code >= this.range ? 1 : 0;
      if (bit) this.code -= this.range;
      value = value * 2 + bit;
    }
    return value;
  }

  private widen(): void {
    if (this.range >= minRange) return;
    this.range = (this.range << 8) >>> 0;
    this.code = ((this.code << 8) | this.packed.next()) >>> 0;
  }

  private tree(base: number, bits: number): number {
    let symbol = 1;
    for (let i = 0; i < bits; i++) symbol = (symbol << 1) | this.bit(base + symbol);
    return symbol - (1 << bits);
  }

  /** As `tree`, from the lowest bit on. */
  private reversedTree(base: number, bits: number): number {
    let node = 1;
    let value = 0;
    for (let i = 0; i < bits; i++) {
      const bit = this.bit(base + node);
      node = (node << 1) | bit;
      value |= bit << i;
    }
    return value;
  }
}
