/** How many words the twister's state has. */
const size = 624;
/** The distance between the words that are mixed. */
const shift = 397;

/**
 * Python's `random.Random(seed)` as far as validators have to agree on it: the Mersenne Twister MT19937, seeded with the
 * 32-bit words of the seed's absolute value, and the choice of an element.
 */
export class PythonRandom {
  private readonly state: Uint32Array;
  private next = size;

  /** @param seed any whole number; a number and its negative are one seed, as in Python */
  constructor(seed: bigint) {
    this.state = seeded(wordsOf(seed < 0n ? -seed : seed));
  }

  /** The next 32 bits, as an unsigned number. */
  word(): number {
    if (this.next === size) this.twist();
    let word = this.state[this.next++]!;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    word ^= word >>> 18;
    return word >>> 0;
  }

  /** One of the elements. @throws RangeError when there are none */
  choice<T>(elements: readonly T[]): T {
    return elements[this.below(elements.length)]!;
  }

  /** As Python draws it: as many top bits as the limit has, until they are below it. */
  private below(limit: number): number {
    if (limit < 1) throw new RangeError('There is nothing to choose from.');
    const bits = 32 - Math.clz32(limit);
    for (;;) {
      const drawn = this.word() >>> (32 - bits);
      if (drawn < limit) return drawn;
    }
  }

  private twist(): void {
    const { state } = this;
    for (let i = 0; i < size; i++) {
      const bits = (state[i]! & 0x80000000) | (state[(i + 1) % size]! & 0x7fffffff);
      state[i] = state[(i + shift) % size]! ^ (bits >>> 1) ^ (bits & 1 ? 0x9908b0df : 0);
    }
    this.next = 0;
  }
}

/** The number's 32-bit words, lowest first; of 0 one. */
function wordsOf(value: bigint): number[] {
  const words: number[] = [];
  do {
    words.push(Number(value & 0xffffffffn));
    value >>= 32n;
  } while (value > 0n);
  return words;
}

/** The state after seeding with an array, as the twister's authors define it (`init_by_array`). */
function seeded(key: readonly number[]): Uint32Array {
  const state = new Uint32Array(size);
  state[0] = 19_650_218;
  for (let i = 1; i < size; i++) state[i] = Math.imul(1_812_433_253, mixed(state[i - 1]!)) + i;
  let i = 1;
  const step = (factor: number, added: number) => {
    state[i] = (state[i]! ^ Math.imul(factor, mixed(state[i - 1]!))) + added;
    if (++i === size) {
      state[0] = state[size - 1]!;
      i = 1;
    }
  };
  for (let k = 0; k < Math.max(size, key.length); k++) {
    const j = k % key.length;
    step(1_664_525, key[j]! + j);
  }
  for (let k = 1; k < size; k++) step(1_566_083_941, -i);
  state[0] = 0x80000000;
  return state;
}

const mixed = (word: number): number => word ^ (word >>> 30);
