import { validateSync, type ValidationError } from 'class-validator';
import { canonicalTime } from '../datetime.ts';
import { JsonFloat, type JsonObject, type JsonValue } from '../json/values.ts';
import { fieldsOf, initialValues, isClosed, type FieldKind, type WireClass } from './fields.ts';

export interface FieldProblem {
  /** Where: `volume.volumes.0.url`; empty for the object itself. */
  path: string;
  problem: string;
}

/** A peer's object that does not have the shape it must have. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';

  constructor(readonly problems: FieldProblem[]) {
    super(problems.map(({ path, problem }) => (path ? `${path}: ${problem}` : problem)).join('; '));
  }
}

/** Reads a JSON object as an instance of a wire class, with its rules checked. Throws ShapeError. */
export function readObject<T extends object>(type: WireClass<T>, json: JsonValue): T {
  const problems: FieldProblem[] = [];
  const value = read(type, json, '', problems);
  if (problems.length > 0) throw new ShapeError(problems);
  return value as T;
}

/** As `readObject`, for an object that is one of several classes, told apart by the word in `tag`. */
export function readVariant<T extends object>(tag: string, types: WireClass<T>[], json: JsonValue): T {
  const problems: FieldProblem[] = [];
  const value = variant(tag, types, json, '', problems);
  if (problems.length > 0) throw new ShapeError(problems);
  return value as T;
}

function read(type: WireClass, json: JsonValue, path: string, problems: FieldProblem[]): object | undefined {
  if (!(json instanceof Map)) {
    problems.push({ path, problem: 'must be an object' });
    return undefined;
  }
  const before = problems.length;
  const object = new type() as Record<string, unknown>;
  const fields = fieldsOf(type);
  for (const { name, kind, aliases } of fields) {
    const key = [name, ...aliases].find((candidate) => json.has(candidate));
    if (key === undefined) {
      if (object[name] === undefined) problems.push({ path: join(path, name), problem: 'is required' });
    } else {
      const raw = json.get(key)!;
      if (raw === null && object[name] === null) continue;
      object[name] = convert(kind, raw, join(path, name), problems);
    }
  }
  if (isClosed(type))
    refuseUnknown(
      json,
      fields.flatMap(({ name, aliases }) => [name, ...aliases]),
      path,
      problems,
    );
  if (problems.length === before)
    problems.push(...validateSync(object).flatMap((error) => problemsOf(error, path)));
  return object;
}

function refuseUnknown(json: JsonObject, known: string[], path: string, problems: FieldProblem[]): void {
  for (const key of json.keys()) {
    if (!known.includes(key))
      problems.push({ path: join(path, key.slice(0, 100)), problem: 'is not a known field' });
  }
}

function problemsOf(error: ValidationError, path: string): FieldProblem[] {
  const problem = Object.values(error.constraints ?? { invalid: 'is not valid' })[0]!;
  return [
    { path: join(path, error.property), problem: problem.replace(new RegExp(`^${error.property} `), '') },
  ];
}

function convert(kind: FieldKind, raw: JsonValue, path: string, problems: FieldProblem[]): unknown {
  const fail = (problem: string) => void problems.push({ path, problem });
  switch (kind.is) {
    case 'text':
      return typeof raw === 'string' ? raw : fail('must be a string');
    case 'integer': {
      const value = integer(raw);
      return value !== undefined && Number.isSafeInteger(Number(value))
        ? Number(value)
        : fail('must be a whole number');
    }
    case 'bigint': {
      const value = integer(raw);
      return value === undefined ? fail('must be a whole number') : value;
    }
    case 'boolean': {
      const value = boolean(raw);
      return value === undefined ? fail('must be true or false') : value;
    }
    case 'time': {
      const value = typeof raw === 'string' ? canonicalTime(raw) : null;
      return value ?? fail('must be a time with an offset, such as 2025-01-02T03:04:05.000123Z');
    }
    case 'json':
      return raw;
    case 'oneOf':
      return typeof raw === 'string' && kind.words.includes(raw)
        ? raw
        : fail(`must be one of ${kind.words.join(', ')}`);
    case 'tolerant':
      return typeof raw === 'string' && kind.words.includes(raw) ? raw : 'unknown';
    case 'texts':
      return Array.isArray(raw) && raw.every((item) => typeof item === 'string')
        ? raw
        : fail('must be a list of strings');
    case 'integers': {
      const items = Array.isArray(raw) ? raw.map(integer) : [undefined];
      return items.includes(undefined) ? fail('must be a list of whole numbers') : items.map(Number);
    }
    case 'textMap':
      return raw instanceof Map && [...raw.values()].every((item) => typeof item === 'string')
        ? raw
        : fail('must be an object of strings');
    case 'integerMap': {
      const entries =
        raw instanceof Map ? [...raw].map(([key, item]) => [key, integer(item)] as const) : null;
      return entries && entries.every(([, item]) => item !== undefined)
        ? new Map(entries.map(([key, item]) => [key, Number(item)]))
        : fail('must be an object of whole numbers');
    }
    case 'object':
      return read(kind.of(), raw, path, problems);
    case 'objects':
      return Array.isArray(raw)
        ? raw.map((item, index) => read(kind.of(), item, `${path}.${index}`, problems))
        : fail('must be a list');
    case 'variant':
      return variant(kind.tag, kind.of(), raw, path, problems);
    case 'variants':
      return Array.isArray(raw)
        ? raw.map((item, index) => variant(kind.tag, kind.of(), item, `${path}.${index}`, problems))
        : fail('must be a list');
  }
}

function variant(
  tag: string,
  types: WireClass[],
  raw: JsonValue,
  path: string,
  problems: FieldProblem[],
): unknown {
  const word = raw instanceof Map ? raw.get(tag) : undefined;
  const type = types.find((candidate) => initialValues(candidate)[tag] === word);
  if (type) return read(type, raw, path, problems);
  const known = types.map((candidate) => String(initialValues(candidate)[tag])).join(', ');
  problems.push({
    path: raw instanceof Map ? join(path, tag) : path,
    problem: raw instanceof Map ? `must be one of ${known}` : 'must be an object',
  });
  return undefined;
}

/** A whole number as pydantic's lax mode reads it; undefined when it is none. */
function integer(raw: JsonValue): bigint | undefined {
  if (typeof raw === 'bigint') return raw;
  if (typeof raw === 'boolean') return raw ? 1n : 0n;
  if (typeof raw === 'number') return BigInt(raw);
  if (raw instanceof JsonFloat) return Number.isSafeInteger(raw.value) ? BigInt(raw.value) : undefined;
  if (typeof raw !== 'string') return undefined;
  const match = /^\s*([+-]?\d+(?:_\d+)*)(?:\.0*)?\s*$/.exec(raw);
  return match && raw.length < 100 ? BigInt(match[1]!.replaceAll('_', '').replace(/^\+/, '')) : undefined;
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

/** A truth value as pydantic's lax mode reads it; undefined when it is none. */
function boolean(raw: JsonValue): boolean | undefined {
  if (typeof raw === 'boolean') return raw;
  const value = raw instanceof JsonFloat ? raw.value : raw;
  if (value === 0 || value === 1) return value === 1;
  return typeof value === 'string' && Object.hasOwn(words, value.toLowerCase())
    ? words[value.toLowerCase()]
    : undefined;
}

const join = (path: string, name: string): string => (path ? `${path}.${name}` : name);
