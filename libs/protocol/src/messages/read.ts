import { validateSync } from 'class-validator';
import { canonicalTime } from '../datetime.ts';
import { JsonFloat, type JsonObject, type JsonValue } from '../json/values.ts';
import { bigInteger, boolean, integer } from './coerce.ts';
import type { FieldKind, WireClass } from './fields.ts';
import { planOf, type ClassPlan, type FieldPlan } from './plan.ts';

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
  return finish((problems) => read(type, json, '', problems)) as T;
}

/** As `readObject`, for an object that is one of several classes, told apart by the word in `tag`. */
export function readVariant<T extends object>(tag: string, types: WireClass<T>[], json: JsonValue): T {
  return finish((problems) => variant(tag, types, json, '', problems)) as T;
}

function finish(work: (problems: Problems) => unknown): unknown {
  const problems = new Problems();
  const value = work(problems);
  if (problems.count > 0) throw new ShapeError(problems.list);
  return value;
}

/** Of the problems with one object the first few are kept: a peer can make any number of them. */
class Problems {
  readonly list: FieldProblem[] = [];
  count = 0;

  add(path: string, problem: string): undefined {
    if (++this.count <= 20) this.list.push({ path, problem });
    return undefined;
  }
}

function read(type: WireClass, json: JsonValue, path: string, problems: Problems): object | undefined {
  if (!(json instanceof Map)) return problems.add(path, 'must be an object');
  const before = problems.count;
  const plan = planOf(type);
  const object = new type() as Record<string, unknown>;
  for (const field of plan.fields) {
    const value = readField(field, json, path, problems);
    if (value !== useDefault) object[field.name] = value;
  }
  if (plan.known) refuseUnknown(json, plan.known, path, problems);
  if (problems.count === before && !keepsRules(plan, object)) explain(object, path, problems);
  return object;
}

const useDefault = Symbol('the default');

function readField(field: FieldPlan, json: JsonObject, path: string, problems: Problems): unknown {
  let raw = json.get(field.name);
  for (let i = 0; raw === undefined && i < field.aliases.length; i++) {
    const { name, nullMeansDefault } = field.aliases[i]!;
    raw = json.get(name);
    if (raw === null && nullMeansDefault) return useDefault;
  }
  if (raw === undefined) {
    if (field.required) problems.add(join(path, field.name), 'is required');
    return field.keepAbsent ? undefined : useDefault;
  }
  if (raw === null && field.initial === null) return null;
  return convert(field.kind, raw, path, field.name, problems);
}

function refuseUnknown(json: JsonObject, known: ReadonlySet<string>, path: string, problems: Problems): void {
  for (const key of json.keys()) {
    if (!known.has(key)) problems.add(join(path, key.slice(0, 100)), 'is not a known field');
  }
}

function keepsRules(plan: ClassPlan, object: Record<string, unknown>): boolean {
  for (const { name, rules } of plan.fields) {
    const value = object[name];
    if (value === null || value === undefined) continue;
    for (const keeps of rules) if (!keeps(value, object)) return false;
  }
  return true;
}

function explain(object: object, path: string, problems: Problems): void {
  for (const { property, constraints } of validateSync(object)) {
    const [sentence = 'is not valid'] = Object.values(constraints ?? {});
    const problem = sentence.startsWith(`${property} `) ? sentence.slice(property.length + 1) : sentence;
    problems.add(join(path, property), problem);
  }
}

function convert(kind: FieldKind, raw: JsonValue, above: string, name: string, problems: Problems): unknown {
  const fail = (problem: string) => problems.add(join(above, name), problem);
  switch (kind.is) {
    case 'text':
      return typeof raw === 'string' ? raw : fail('must be a string');
    case 'integer':
      return integer(raw) ?? fail('must be a whole number');
    case 'bigint':
      return bigInteger(raw) ?? fail('must be a whole number');
    case 'boolean':
      return boolean(raw) ?? fail('must be true or false');
    case 'time':
      return (
        canonicalTime(raw instanceof JsonFloat ? raw.value : raw) ??
        fail('must be a time with an offset, such as 2025-01-02T03:04:05.000123Z')
      );
    case 'json':
      return raw;
    case 'jsonObject':
      return raw instanceof Map ? raw : fail('must be an object');
    case 'oneOf':
      return isWord(raw, kind.words) ? raw : fail(`must be one of ${kind.words.join(', ')}`);
    case 'tolerant':
      if (isWord(raw, kind.words)) return raw;
      return typeof raw === 'string' && Object.hasOwn(kind.olderWords, raw)
        ? kind.olderWords[raw]
        : 'unknown';
    case 'texts':
      return areTexts(raw) ? raw : fail('must be a list of strings');
    case 'textOrTexts':
      return typeof raw === 'string' || areTexts(raw) ? raw : fail('must be a string or a list of strings');
    case 'integers': {
      const items = Array.isArray(raw) ? raw.map(integer) : [undefined];
      return items.includes(undefined) ? fail('must be a list of whole numbers') : items;
    }
    case 'textMap':
      return raw instanceof Map && hasTexts(raw) ? raw : fail('must be an object of strings');
    case 'integerMap':
      return (
        (raw instanceof Map ? integerMap(raw, kind.words) : undefined) ??
        fail('must be an object of whole numbers with known keys')
      );
    case 'object':
      return read(kind.of(), raw, join(above, name), problems);
    case 'variant':
      return variant(kind.tag, kind.of(), raw, join(above, name), problems);
    case 'objects':
      return eachItem(raw, join(above, name), problems, (item, path) =>
        read(kind.of(), item, path, problems),
      );
    case 'variants':
      return eachItem(raw, join(above, name), problems, (item, path) =>
        variant(kind.tag, kind.of(), item, path, problems),
      );
  }
}

const isWord = (raw: JsonValue, words: readonly string[]): raw is string =>
  typeof raw === 'string' && words.includes(raw);

const areTexts = (raw: JsonValue): boolean =>
  Array.isArray(raw) && raw.every((item) => typeof item === 'string');

function hasTexts(map: JsonObject): boolean {
  for (const item of map.values()) if (typeof item !== 'string') return false;
  return true;
}

function integerMap(map: JsonObject, words: readonly string[]): Map<string, number> | undefined {
  const result = new Map<string, number>();
  for (const [key, raw] of map) {
    const value = integer(raw);
    if (value === undefined || !words.includes(key)) return undefined;
    result.set(key, value);
  }
  return result;
}

function eachItem(
  raw: JsonValue,
  path: string,
  problems: Problems,
  readItem: (item: JsonValue, path: string) => unknown,
): unknown {
  if (!Array.isArray(raw)) return problems.add(path, 'must be a list');
  return raw.map((item, index) => readItem(item, `${path}.${index}`));
}

function variant(tag: string, types: WireClass[], raw: JsonValue, path: string, problems: Problems): unknown {
  if (!(raw instanceof Map)) return problems.add(path, 'must be an object');
  const word = raw.get(tag);
  for (const type of types) if (planOf(type).initial[tag] === word) return read(type, raw, path, problems);
  const known = types.map((type) => String(planOf(type).initial[tag])).join(', ');
  return problems.add(join(path, tag), `must be one of ${known}`);
}

const join = (path: string, name: string): string => (path ? `${path}.${name}` : name);
