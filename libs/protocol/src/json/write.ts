import { JsonFloat, type JsonValue } from './values.ts';

/** How a text is written: with which separators, in which key order, with which characters escaped. */
interface Style {
  comma: string;
  colon: string;
  sortKeys: boolean;
  ascii: boolean;
  float: (value: number) => string;
}

/**
 * Compact, keys in their own order, other than ASCII as it is, what is not finite as null: the frames that
 * ComputeHorde's services send, as pydantic writes them.
 */
export const writeCompact = (value: JsonValue): string =>
  write(value, { comma: ',', colon: ':', sortKeys: false, ascii: false, float: pydanticFloat });

/** Compact, keys sorted by code point, ASCII only: the text under `validator_signature`. */
export const writeCompactSorted = (value: JsonValue): string =>
  write(value, { comma: ',', colon: ':', sortKeys: true, ascii: true, float: pythonFloat });

/** As Python's `json.dumps(value, sort_keys=True)`: the text under receipts and signed requests. */
export const writePythonSorted = (value: JsonValue): string =>
  write(value, { comma: ', ', colon: ': ', sortKeys: true, ascii: true, float: pythonFloat });

/** As Python's `json.dumps(value)`: spaced, keys in their own order, ASCII only. */
export const writePython = (value: JsonValue): string =>
  write(value, { comma: ', ', colon: ': ', sortKeys: false, ascii: true, float: pythonFloat });

function write(value: JsonValue, style: Style): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return quote(value, style.ascii);
  if (value instanceof JsonFloat) return style.float(value.value);
  if (Array.isArray(value)) return `[${value.map((item) => write(item, style)).join(style.comma)}]`;
  if (value instanceof Map) {
    const keys = [...value.keys()];
    if (style.sortKeys) keys.sort(keys.some(hasHighUnit) ? byCodePoint : undefined);
    const members = keys.map((key) => quote(key, style.ascii) + style.colon + write(value.get(key)!, style));
    return `{${members.join(style.comma)}}`;
  }
  return String(value);
}

function quote(text: string, ascii: boolean): string {
  const quoted = JSON.stringify(text);
  return ascii && /[\u007f-\uffff]/.test(quoted) ? escapeUnits(quoted) : quoted;
}

/** Code units that are escaped at a time, into a buffer of six bytes for each. */
const unitsAtOnce = 16_384;
const hexDigits = Buffer.from('0123456789abcdef');
const [backslash, letterU] = Buffer.from('\\u');

/** Escapes all but printable ASCII. Without a call for each unit: a frame of megabytes may consist of them. */
function escapeUnits(text: string): string {
  const bytes = Buffer.allocUnsafe(6 * Math.min(unitsAtOnce, text.length));
  let escaped = '';
  for (let from = 0; from < text.length; from += unitsAtOnce) {
    const end = Math.min(from + unitsAtOnce, text.length);
    let size = 0;
    for (let at = from; at < end; at++) {
      const unit = text.charCodeAt(at);
      if (unit < 0x7f) {
        bytes[size++] = unit;
        continue;
      }
      bytes[size++] = backslash!;
      bytes[size++] = letterU!;
      for (let shift = 12; shift >= 0; shift -= 4) bytes[size++] = hexDigits[(unit >> shift) & 15]!;
    }
    escaped += bytes.toString('latin1', 0, size);
  }
  return escaped;
}

/** Only these make JavaScript's own order, which is quicker, another than Python's. */
const hasHighUnit = (text: string): boolean => /[\ud800-\uffff]/.test(text);

/**
 * JavaScript compares UTF-16 units, Python code points. They agree up to the first unit that differs, and there unless
 * one of both is half of a character above U+FFFF, which comes behind all others.
 */
function byCodePoint(a: string, b: string): number {
  if (a === b) return 0;
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  if (at === end) return a.length - b.length;
  return rankOf(a.charCodeAt(at)) - rankOf(b.charCodeAt(at));
}

/** The order of UTF-16 units by the code points that they are of: surrogates behind U+E000 to U+FFFF. */
const rankOf = (unit: number): number =>
  unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit;

/** A float as Python writes it: the shortest text that reads back as the same, or a word that is no JSON. */
function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return shortestFloat(value, -4, 2);
}

/** A float as pydantic writes it: as Python does, with other small numbers and null instead of words. */
const pydanticFloat = (value: number): string =>
  Number.isFinite(value) ? shortestFloat(value, -5, 1) : 'null';

/** @param leastExponent below it, and from 16 on, the exponent is written, with at least so many digits */
function shortestFloat(value: number, leastExponent: number, exponentDigits: number): string {
  if (Object.is(value, -0)) return '-0.0';
  const [digits = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (value !== 0 && (exponent < leastExponent || exponent >= 16)) {
    const sign = exponent < 0 ? '-' : '+';
    return `${digits}e${sign}${String(Math.abs(exponent)).padStart(exponentDigits, '0')}`;
  }
  const plain =
    exponent < 0
      ? value.toFixed(Math.max(0, digits.replace(/[-.]/g, '').length - 1 - exponent))
      : value.toString();
  return plain.includes('.') ? plain : `${plain}.0`;
}
