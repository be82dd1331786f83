import { JsonFloat, type JsonValue } from '../json/values.ts';

/*
 * Single values as leniently as the Python peers read them (pydantic's lax mode); undefined where they refuse.
 */

const integerText = /^\s*([+-]?\d+(?:_\d+)*)(?:\.0+)?\s*$/;

/** A whole number: also `5.0`, `"5"`, `" 5 "`, `"1_000"`, `true`. */
export function bigInteger(raw: JsonValue): bigint | undefined {
  if (typeof raw === 'bigint') return raw;
  if (typeof raw === 'number') return BigInt(raw);
  if (typeof raw === 'boolean') return raw ? 1n : 0n;
  if (raw instanceof JsonFloat) return Number.isSafeInteger(raw.value) ? BigInt(raw.value) : undefined;
  if (typeof raw !== 'string' || raw.length > 100) return undefined;
  const match = integerText.exec(raw);
  return match ? BigInt(match[1]!.replaceAll('_', '').replace(/^\+/, '')) : undefined;
}

/** As `bigInteger`, within what a JavaScript number holds exactly. */
export function integer(raw: JsonValue): number | undefined {
  if (typeof raw === 'number') return raw;
  const value = bigInteger(raw);
  const number = Number(value);
  return value !== undefined && Number.isSafeInteger(number) ? number : undefined;
}

const words: Record<string, boolean> = {
  true: true,
  yes: true,
  on: true,
  t: true,
  y: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  f: false,
  n: false,
  '0': false,
};

/** A truth value: also 0, 1, 1.0 and words such as `"yes"` and `"OFF"`. */
export function boolean(raw: JsonValue): boolean | undefined {
  if (typeof raw === 'boolean') return raw;
  const value = raw instanceof JsonFloat ? raw.value : raw;
  if (value === 0 || value === 1) return value === 1;
  if (typeof value !== 'string' || value.length > 5) return undefined;
  const word = value.toLowerCase();
  return Object.hasOwn(words, word) ? words[word] : undefined;
}
