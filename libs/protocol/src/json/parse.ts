import { JsonFloat, type JsonObject, type JsonValue } from './values.ts';

/** What is wrong with a JSON text, and where. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
}

/** What a JSON text may hold. A text beyond it is refused with a JsonError before it takes more memory. */
export const jsonLimits = {
  /** Levels of arrays and objects: no message of the network nests more than a dozen. */
  depth: 64,
  /** Digits of an integer: as many as Python reads. */
  integerDigits: 4300,
  /** Digits of all integers beyond 2^53 together: to read and write a long one takes the square of its digits. */
  bigIntegerDigits: 250_000,
  /** Values of all kinds together: an empty object takes a hundred times the memory of its two characters. */
  values: 250_000,
} as const;

/** Reads a JSON text without losing digits, number kinds or key order. Throws JsonError. */
export function parseJson(text: string): JsonValue {
  return new Parser(text).parse();
}

const numberPattern = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;

/** Code units of the characters that JSON gives a meaning. */
const unit = {
  quote: 0x22,
  comma: 0x2c,
  colon: 0x3a,
  openArray: 0x5b,
  backslash: 0x5c,
  closeArray: 0x5d,
} as const;
const openObject = 0x7b;
const closeObject = 0x7d;

class Parser {
  private at = 0;
  private values = 0;
  private bigIntegerDigits = 0;

  constructor(private readonly text: string) {}

  parse(): JsonValue {
    const value = this.value(0);
    this.skipWhitespace();
    if (this.at < this.text.length) this.fail('there is more text after the value');
    return value;
  }

  private value(depth: number): JsonValue {
    if (depth > jsonLimits.depth) this.fail(`it is nested deeper than ${jsonLimits.depth} levels`);
    if (++this.values > jsonLimits.values) this.fail(`it holds more than ${jsonLimits.values} values`);
    this.skipWhitespace();
    switch (this.text.charCodeAt(this.at)) {
      case openObject:
        return this.object(depth);
      case unit.openArray:
        return this.array(depth);
      case unit.quote:
        return this.string();
      case 0x74:
        return this.word('true', true);
      case 0x66:
        return this.word('false', false);
      case 0x6e:
        return this.word('null', null);
      default:
        return this.number();
    }
  }

  private object(depth: number): JsonObject {
    const object: JsonObject = new Map();
    this.at++;
    if (this.next(closeObject)) return object;
    do {
      this.skipWhitespace();
      if (this.text.charCodeAt(this.at) !== unit.quote) this.fail('a key in double quotes was expected');
      const key = this.string();
      if (!this.next(unit.colon)) this.fail('":" was expected');
      object.set(key, this.value(depth + 1));
    } while (this.next(unit.comma));
    if (!this.next(closeObject)) this.fail('"," or "}" was expected');
    return object;
  }

  private array(depth: number): JsonValue[] {
    const items: JsonValue[] = [];
    this.at++;
    if (this.next(unit.closeArray)) return items;
    do items.push(this.value(depth + 1));
    while (this.next(unit.comma));
    if (!this.next(unit.closeArray)) this.fail('"," or "]" was expected');
    return items;
  }

  private string(): string {
    const start = this.at + 1;
    let end = start;
    let isPlain = true;
    for (;;) {
      let code = this.text.charCodeAt(end);
      while (code !== unit.quote && code !== unit.backslash && code >= 0x20)
        code = this.text.charCodeAt(++end);
      if (code === unit.quote) break;
      if (end >= this.text.length) this.fail('a string does not end');
      isPlain = false;
      end += code === unit.backslash ? 2 : 1;
    }
    const result = isPlain ? this.text.slice(start, end) : this.withEscapes(start, end);
    this.at = end + 1;
    if (!result.isWellFormed()) this.fail('a string holds half of a surrogate pair');
    return result;
  }

  private withEscapes(start: number, end: number): string {
    try {
      return JSON.parse(this.text.slice(start - 1, end + 1)) as string;
    } catch {
      return this.fail('a string holds an unknown escape or a bare control character');
    }
  }

  private number(): JsonValue {
    numberPattern.lastIndex = this.at;
    const match = numberPattern.exec(this.text);
    if (!match) this.fail(this.at >= this.text.length ? 'the text ends too early' : 'a value was expected');
    this.at = numberPattern.lastIndex;
    const [written, fraction, exponent] = match;
    if (fraction !== undefined || exponent !== undefined) return new JsonFloat(Number(written));
    if (written.length > jsonLimits.integerDigits) this.fail('an integer has too many digits');
    const value = Number(written);
    if (Number.isSafeInteger(value)) return value + 0;
    this.bigIntegerDigits += written.length;
    if (this.bigIntegerDigits > jsonLimits.bigIntegerDigits)
      this.fail('its integers have too many digits together');
    return BigInt(written);
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) this.fail('a value was expected');
    this.at += word.length;
    return value;
  }

  private next(code: number): boolean {
    this.skipWhitespace();
    if (this.text.charCodeAt(this.at) !== code) return false;
    this.at++;
    return true;
  }

  private skipWhitespace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at++;
    }
  }

  private fail(why: string): never {
    throw new JsonError(`This is not valid JSON: ${why} (at character ${this.at}).`);
  }
}
