import { JsonFloat, type JsonValue } from './values.ts';

/** How a text is written: with which separators, in which key order, with which characters escaped. */
interface Style {
  comma: string;
  colon: string;
  sortKeys: boolean;
  ascii: boolean;
}

/** Compact, keys in their own order, other than ASCII as it is: the frames that ComputeHorde's services send. */
export const writeCompact = (value: JsonValue): string =>
  write(value, { comma: ',', colon: ':', sortKeys: false, ascii: false });

/** Compact, keys sorted by code point, ASCII only: the text under `validator_signature`. */
export const writeCompactSorted = (value: JsonValue): string =>
  write(value, { comma: ',', colon: ':', sortKeys: true, ascii: true });

/** As Python's `json.dumps(value, sort_keys=True)`: the text under receipts and signed requests. */
export const writePythonSorted = (value: JsonValue): string =>
  write(value, { comma: ', ', colon: ': ', sortKeys: true, ascii: true });

/** As Python's `json.dumps(value)`: spaced, keys in their own order, ASCII only. */
export const writePython = (value: JsonValue): string =>
  write(value, { comma: ', ', colon: ': ', sortKeys: false, ascii: true });

function write(value: JsonValue, style: Style): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return quote(value, style.ascii);
  if (value instanceof JsonFloat) return pythonFloat(value.value);
  if (Array.isArray(value)) return `[${value.map((item) => write(item, style)).join(style.comma)}]`;
  if (value instanceof Map) {
    const keys = [...value.keys()];
    if (style.sortKeys) keys.sort(byCodePoint);
    const members = keys.map((key) => quote(key, style.ascii) + style.colon + write(value.get(key)!, style));
    return `{${members.join(style.comma)}}`;
  }
  return String(value);
}

function quote(text: string, ascii: boolean): string {
  const quoted = JSON.stringify(text);
  return ascii ? quoted.replace(/[\u007f-\uffff]/g, escapeUnit) : quoted;
}

const escapeUnit = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** JavaScript compares UTF-16 units, Python code points: they differ above U+FFFF. */
function byCodePoint(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (let i = 0; i < left.length && i < right.length; i++) {
    const difference = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** The shortest text that reads back as the same float, in Python's notation. */
function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  if (Object.is(value, -0)) return '-0.0';
  const [digits = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (value !== 0 && (exponent < -4 || exponent >= 16)) {
    const sign = exponent < 0 ? '-' : '+';
    return `${digits}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const plain =
    exponent < 0
      ? value.toFixed(Math.max(0, digits.replace(/[-.]/g, '').length - 1 - exponent))
      : value.toString();
  return plain.includes('.') ? plain : `${plain}.0`;
}
