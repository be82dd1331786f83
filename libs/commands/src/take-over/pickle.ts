/** A value that Python's pickle holds, as far as settings have such values. */
export type PickledValue =
  string | number | bigint | boolean | null | PickledValue[] | { decimal: string } | { datetime: string };

/** It is no pickle of a plain value. The message is the rest of a sentence about it. */
export class PickleError extends Error {
  override readonly name = 'PickleError';
}

/** So many steps a pickle may have; that of a long list has some thousands. */
const maxSteps = 100_000;
/** A whole number longer than this is none of a setting's. @unit bytes */
const maxIntegerBytes = 40;

/** Where a tuple, or what is appended to a list, begins. */
const mark = { mark: true } as const;
/** What Python would call; only these are known here, and nothing is ever called. */
type Known = keyof typeof made;
interface Callable {
  known: Known;
}
type Item = PickledValue | typeof mark | Callable | Buffer | { tuple: Item[] };

/**
 * Reads a pickle of a text, a number, true, false, none, a decimal number, a time without a zone, or a list of such, in
 * any of its protocols. Whatever else it holds, or would have Python do, is refused.
 *
 * @throws PickleError
 */
export function readPickle(bytes: Buffer): PickledValue {
  const reader = new Reader(bytes);
  try {
    return reader.read();
  } catch (error) {
    // Beyond its end.
    if (error instanceof RangeError) throw new PickleError('is cut off');
    throw error;
  }
}

class Reader {
  private at = 0;
  private readonly stack: Item[] = [];
  private readonly memo = new Map<number, Item>();

  constructor(private readonly bytes: Buffer) {}

  read(): PickledValue {
    for (let step = 0; step < maxSteps; step++) {
      const code = this.take(1)[0]!;
      if (code === 0x2e) return this.end();
      const work = steps.get(code);
      if (!work) throw new PickleError(`holds what no setting is (0x${code.toString(16)})`);
      work(this);
    }
    throw new PickleError('is too long');
  }

  take(length: number): Buffer {
    if (length < 0 || this.at + length > this.bytes.length) throw new PickleError('is cut off');
    return this.bytes.subarray(this.at, (this.at += length));
  }

  /** To the end of the line, without it. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end === -1) throw new PickleError('is cut off');
    const line = this.take(end - this.at).toString('latin1');
    this.at = end + 1;
    return line;
  }

  number(length: 1 | 2 | 4): number {
    return this.take(length).readUIntLE(0, length);
  }

  length8(): number {
    const length = this.take(8).readBigUInt64LE();
    if (length > BigInt(this.bytes.length)) throw new PickleError('is cut off');
    return Number(length);
  }

  push(item: Item): void {
    this.stack.push(item);
  }

  pop(): Item {
    const item = this.stack.pop();
    if (item === undefined) throw new PickleError('makes no sense');
    return item;
  }

  popText(): string {
    const item = this.pop();
    if (typeof item !== 'string') throw new PickleError('makes no sense');
    return item;
  }

  /** What was pushed since the last mark. */
  popToMark(): Item[] {
    const from = this.stack.lastIndexOf(mark);
    if (from === -1) throw new PickleError('makes no sense');
    return this.stack.splice(from).slice(1);
  }

  append(items: Item[]): void {
    const list = this.stack.at(-1);
    if (!Array.isArray(list)) throw new PickleError('makes no sense');
    list.push(...items.map(valueOf));
  }

  store(name = this.memo.size): void {
    const item = this.stack.at(-1);
    if (item === undefined) throw new PickleError('makes no sense');
    this.memo.set(name, item);
  }

  recall(name: number): void {
    const item = this.memo.get(name);
    // A list that holds itself would have no end.
    if (item === undefined || Array.isArray(item)) throw new PickleError('makes no sense');
    this.push(item);
  }

  global(module: string, name: string): void {
    const known = `${module}.${name}`;
    if (!Object.hasOwn(made, known))
      throw new PickleError(`holds a ${known.replace(/[^\w.]/g, '?').slice(0, 60)}, which no setting is`);
    this.push({ known: known as Known });
  }

  /** What calling the second last item with the last one would come to. */
  reduce(): void {
    const [args, callable] = [this.pop(), this.pop()];
    if (!isObject(args) || !('tuple' in args) || !isObject(callable) || !('known' in callable))
      throw new PickleError('makes no sense');
    this.push(made[callable.known](args.tuple));
  }

  private end(): PickledValue {
    const value = valueOf(this.pop());
    if (this.stack.length > 0 || this.at !== this.bytes.length) throw new PickleError('makes no sense');
    return value;
  }
}

const isObject = (item: Item | undefined): item is Exclude<Item & object, PickledValue[] | Buffer> =>
  typeof item === 'object' && item !== null && !Array.isArray(item) && !Buffer.isBuffer(item);

/** @throws PickleError where it is a part of one only */
function valueOf(item: Item): PickledValue {
  if (Buffer.isBuffer(item) || (isObject(item) && ('mark' in item || 'known' in item || 'tuple' in item)))
    throw new PickleError('holds what no setting is');
  return item as PickledValue;
}

/** What a call comes to, by what Python calls it. */
const made = {
  'decimal.Decimal': ([digits]: Item[]): Item => {
    if (typeof digits === 'string' && /^-?\d{1,80}(\.\d{1,80})?(E[+-]?\d{1,3})?$/.test(digits))
      return { decimal: digits };
    throw new PickleError('holds a decimal number without digits');
  },
  'datetime.datetime': ([state, zone]: Item[]): Item => {
    if (!Buffer.isBuffer(state) || state.length !== 10 || zone !== undefined)
      throw new PickleError('holds a time of another form');
    const [month, day, hour, minute, second] = state.subarray(2, 7);
    const text = (value: number, width = 2) => String(value).padStart(width, '0');
    const date = `${text(state.readUInt16BE(0), 4)}-${text(month!)}-${text(day!)}`;
    return {
      datetime: `${date}T${text(hour!)}:${text(minute!)}:${text(second!)}.${text(state.readUIntBE(7, 3), 6)}`,
    };
  },
  /** Bytes, in the first protocols. */
  '_codecs.encode': ([text, encoding]: Item[]): Item => {
    if (typeof text !== 'string' || encoding !== 'latin1')
      throw new PickleError('holds bytes of another form');
    return Buffer.from(text, 'latin1');
  },
};

const utf8 = (bytes: Buffer): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new PickleError('holds a text that is none');
  }
};

/** Of bytes in two's complement, the least one first. */
function integer(bytes: Buffer): number | bigint {
  if (bytes.length > maxIntegerBytes) throw new PickleError('holds a number that is too large');
  let value = 0n;
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  return plain(BigInt.asIntN(8 * bytes.length, value));
}

const plain = (value: bigint): number | bigint =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;

function digits(line: string): number | bigint | boolean {
  if (line === '00' || line === '01') return line === '01';
  const words = line.replace(/L$/, '');
  if (!/^-?\d{1,80}$/.test(words)) throw new PickleError('holds a number without digits');
  return plain(BigInt(words));
}

/** A text in the first protocol: what is beyond ASCII's first half is written as its number. */
function rawUnicode(line: string): string {
  return line.replace(/\\u([0-9a-f]{4})|\\U([0-9a-f]{8})/gi, (_, short?: string, long?: string) => {
    const point = Number.parseInt((short ?? long)!, 16);
    if (point > 0x10_ff_ff) throw new PickleError('holds a text that is none');
    return String.fromCodePoint(point);
  });
}

/** What each step does, by its byte. */
const steps = new Map<number, (reader: Reader) => void>([
  [0x80, (reader) => void reader.take(1)], // the protocol
  [0x95, (reader) => void reader.length8()], // a frame
  [0x28, (reader) => reader.push(mark)],
  [0x4e, (reader) => reader.push(null)],
  [0x88, (reader) => reader.push(true)],
  [0x89, (reader) => reader.push(false)],
  [0x49, (reader) => reader.push(digits(reader.line()))],
  [0x4c, (reader) => reader.push(digits(reader.line()))],
  [0x4b, (reader) => reader.push(reader.number(1))],
  [0x4d, (reader) => reader.push(reader.number(2))],
  [0x4a, (reader) => reader.push(reader.take(4).readInt32LE())],
  [0x8a, (reader) => reader.push(integer(reader.take(reader.number(1))))],
  [0x8b, (reader) => reader.push(integer(reader.take(reader.number(4))))],
  [0x47, (reader) => reader.push(reader.take(8).readDoubleBE())],
  [0x46, (reader) => reader.push(Number(reader.line()))],
  [0x8c, (reader) => reader.push(utf8(reader.take(reader.number(1))))],
  [0x58, (reader) => reader.push(utf8(reader.take(reader.number(4))))],
  [0x8d, (reader) => reader.push(utf8(reader.take(reader.length8())))],
  [0x56, (reader) => reader.push(rawUnicode(reader.line()))],
  [0x43, (reader) => reader.push(reader.take(reader.number(1)))],
  [0x42, (reader) => reader.push(reader.take(reader.number(4)))],
  [0x5d, (reader) => reader.push([])],
  [0x6c, (reader) => reader.push(reader.popToMark().map(valueOf))],
  [0x61, (reader) => reader.append([reader.pop()])],
  [0x65, (reader) => reader.append(reader.popToMark())],
  [0x74, (reader) => reader.push({ tuple: reader.popToMark() })],
  [0x85, (reader) => reader.push({ tuple: [reader.pop()] })],
  [
    0x86,
    (reader) => {
      const last = reader.pop();
      reader.push({ tuple: [reader.pop(), last] });
    },
  ],
  [0x94, (reader) => reader.store()],
  [0x71, (reader) => reader.store(reader.number(1))],
  [0x72, (reader) => reader.store(reader.number(4))],
  [0x70, (reader) => reader.store(Number(reader.line()))],
  [0x68, (reader) => reader.recall(reader.number(1))],
  [0x6a, (reader) => reader.recall(reader.number(4))],
  [0x67, (reader) => reader.recall(Number(reader.line()))],
  [0x63, (reader) => reader.global(reader.line(), reader.line())],
  [
    0x93,
    (reader) => {
      const name = reader.popText();
      reader.global(reader.popText(), name);
    },
  ],
  [0x52, (reader) => reader.reduce()],
]);
