import { JsonFloat, type JsonObject, type JsonValue } from './values.ts';

/** What is wrong with a JSON text, and where. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
}

/** Deeper texts are refused: no message of the network nests more than a dozen levels. */
const maxDepth = 64;
const maxIntegerDigits = 4300;

/** Reads a JSON text without losing digits, number kinds or key order. Throws JsonError. */
export function parseJson(text: string): JsonValue {
  return new Parser(text).parse();
}

const numberPattern = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
// oxlint-disable-next-line no-control-regex -- control characters are what ends a plain run
const plainRun = /[^"\\\u0000-\u001f]*/y;
const whitespace = /[ \t\n\r]*/y;
const escapes: Record<string, string> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class Parser {
  private at = 0;

  constructor(private readonly text: string) {}

  parse(): JsonValue {
    const value = this.value(0);
    this.skipWhitespace();
    if (this.at < this.text.length) this.fail('there is more text after the value');
    return value;
  }

  private value(depth: number): JsonValue {
    if (depth > maxDepth) this.fail(`it is nested deeper than ${maxDepth} levels`);
    this.skipWhitespace();
    switch (this.text[this.at]) {
      case '{':
        return this.object(depth);
      case '[':
        return this.array(depth);
      case '"':
        return this.string();
      case 't':
        return this.word('true', true);
      case 'f':
        return this.word('false', false);
      case 'n':
        return this.word('null', null);
      default:
        return this.number();
    }
  }

  private object(depth: number): JsonObject {
    const object: JsonObject = new Map();
    this.at++;
    if (this.next('}')) return object;
    do {
      this.skipWhitespace();
      if (this.text[this.at] !== '"') this.fail('a key in double quotes was expected');
      const key = this.string();
      if (!this.next(':')) this.fail('":" was expected');
      object.set(key, this.value(depth + 1));
    } while (this.next(','));
    if (!this.next('}')) this.fail('"," or "}" was expected');
    return object;
  }

  private array(depth: number): JsonValue[] {
    const items: JsonValue[] = [];
    this.at++;
    if (this.next(']')) return items;
    do items.push(this.value(depth + 1));
    while (this.next(','));
    if (!this.next(']')) this.fail('"," or "]" was expected');
    return items;
  }

  private string(): string {
    let result = '';
    this.at++;
    for (;;) {
      result += this.match(plainRun)![0];
      const character = this.text[this.at++];
      if (character === '"') break;
      if (character !== '\\') {
        this.at--;
        this.fail(
          character === undefined ? 'a string does not end' : 'a string holds a bare control character',
        );
      }
      result += this.escape();
    }
    if (!result.isWellFormed()) this.fail('a string holds half of a surrogate pair');
    return result;
  }

  private escape(): string {
    const kind = this.text[this.at++] ?? '';
    if (kind === 'u') {
      const hex = this.text.slice(this.at, this.at + 4);
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) this.fail('"\\u" needs four hexadecimal digits');
      this.at += 4;
      return String.fromCharCode(parseInt(hex, 16));
    }
    const plain = escapes[kind];
    if (plain === undefined) this.fail('a string holds an unknown escape');
    return plain;
  }

  private number(): JsonValue {
    const match = this.match(numberPattern);
    if (!match) this.fail(this.at >= this.text.length ? 'the text ends too early' : 'a value was expected');
    const [written, fraction, exponent] = match;
    if (fraction !== undefined || exponent !== undefined) return new JsonFloat(Number(written));
    if (written.length > maxIntegerDigits) this.fail('an integer has too many digits');
    const value = Number(written);
    return Number.isSafeInteger(value) ? value + 0 : BigInt(written);
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) this.fail('a value was expected');
    this.at += word.length;
    return value;
  }

  private next(character: string): boolean {
    this.skipWhitespace();
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private skipWhitespace(): void {
    this.match(whitespace);
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match) this.at = pattern.lastIndex;
    return match;
  }

  private fail(why: string): never {
    throw new JsonError(`This is not valid JSON: ${why} (at character ${this.at}).`);
  }
}
