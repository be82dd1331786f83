import { PickleError, readPickle, type PickledValue } from './pickle.ts';

/** A longer value is no setting's: the longest here is a text of 10,000 characters. @unit characters */
export const longestValue = 100_000;

/**
 * The value of a setting as ComputeHorde's panel stores it: JSON by its newer releases, a pickle in base64 by the others.
 *
 * @returns as JSON has it; whole numbers that it would round, and decimal numbers, as their digits
 * @throws PickleError whose message is the rest of a sentence about it
 */
export function readConstance(stored: string): unknown {
  if (stored.length > longestValue) throw new PickleError('is too long');
  return asJson(stored.startsWith('{') || stored.startsWith('[') ? readJson(stored) : readBase64(stored));
}

function readBase64(stored: string): PickledValue {
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(stored)) throw new PickleError('is neither JSON nor a pickle');
  return readPickle(Buffer.from(stored, 'base64'));
}

/** What Python's values are called there. */
type Typed = { __type__: string; __value__: unknown };

function readJson(stored: string): PickledValue {
  try {
    return typed(JSON.parse(stored, exact));
  } catch (error) {
    throw error instanceof SyntaxError ? new PickleError('is no JSON') : error;
  }
}

/** Whole numbers that are beyond what a number holds exactly stay whole. */
function exact(this: unknown, _key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source ?? '';
  return typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d{1,80}$/.test(source)
    ? BigInt(source)
    : value;
}

function typed(value: unknown): PickledValue {
  if (Array.isArray(value)) return value.map(typed);
  if (typeof value !== 'object' || value === null) return value as PickledValue;
  const { __type__: type, __value__: inner } = value as Typed;
  if (type === 'default') return typed(inner);
  if (type === 'decimal' && typeof inner === 'string') return { decimal: inner };
  if (type === 'datetime' && typeof inner === 'string') return { datetime: inner };
  throw new PickleError(`holds a ${String(type).replace(/\W/g, '?').slice(0, 60)}, which no setting is`);
}

function asJson(value: PickledValue): unknown {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value !== 'object' || value === null) return value;
  if ('datetime' in value) return value.datetime;
  const number = Number(value.decimal);
  const isWhole = /^-?\d+(\.0*)?$/.test(value.decimal);
  return isWhole && !Number.isSafeInteger(number) ? value.decimal.replace(/\.0*$/, '') : number;
}
