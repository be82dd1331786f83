import {
  fieldsOf,
  parseJson,
  writeCompact,
  type JsonObject,
  type JsonValue,
  type WireClass,
} from '@horde/protocol';
import { partClass } from './compare.ts';

/** What a field is given instead of a good value, as JSON text; `missing` takes it away. */
const oddValues = [
  'missing',
  'null',
  '[]',
  '{}',
  '""',
  '"x"',
  '"5"',
  '" 5 "',
  '"5.0"',
  '"1_000"',
  '"yes"',
  '"TRUE"',
  '"+05"',
  '"1e3"',
  '"5.50"',
  '"1__0"',
  '"\u0661"',
  '"\u00a05\u00a0"',
  '"2025-01-02"',
  '"2025-01-02T03:04:05Z"',
  '"2025-01-02T03:04:05"',
  '"2025-01-02t03:04:05.1234567+0530"',
  '"2025-01-02 03:04Z"',
  '"2100-01-01T00:00:00Z"',
  '"1735787045"',
  '1735787045',
  '1735787045.25',
  '1735787045123',
  '"\\u0000"',
  `"${'h'.repeat(300)}"`,
  '5',
  '5.0',
  '5.5',
  '-1',
  '1e400',
  'NaN',
  '1'.padEnd(31, '0'),
  'true',
  'false',
  '[1]',
  '{"a":1}',
] as const;
export interface OddFrame {
  /** `JobRequest.env`; `JobRequest.env[]` for one of its items; `JobRequest{}` for the object itself. */
  where: string;
  /** The JSON text that the field holds; `missing` or `extra key`. */
  odd: string;
  text: string;
}

type Path = (string | number)[];

/** A frame for each field of a message and of its parts, and each odd value in it; the rest of the frame is good. */
export function* oddFrames(type: WireClass, instances: JsonObject[]): Generator<OddFrame> {
  const seen = new Set<string>();
  for (const json of instances) {
    for (const [where, path] of places(type, json, [])) {
      if (seen.has(where)) continue;
      seen.add(where);
      if (where.endsWith('{}')) yield { where, odd: 'extra key', text: replaced(json, [...path, 'zz'], '1') };
      else for (const odd of oddValues) yield { where, odd, text: replaced(json, path, odd) };
    }
  }
}

/** Every field of an object, and of the objects within it, and how to get there. */
function* places(type: WireClass, json: JsonObject, path: Path): Generator<[string, Path]> {
  yield [`${type.name}{}`, path];
  for (const { name, kind } of fieldsOf(type)) {
    const where = `${type.name}.${name}`;
    const here = [...path, name];
    const value = json.get(name) ?? null;
    yield [where, here];
    if ('of' in kind) {
      const parts: [JsonValue, Path][] = Array.isArray(value)
        ? value.map((part, index) => [part, [...here, index]])
        : [[value, here]];
      for (const [part, partPath] of parts)
        if (part instanceof Map) yield* places(partClass(kind, part)!, part, partPath);
    } else if (kind.is !== 'json' && Array.isArray(value) && value.length > 0)
      yield [`${where}[]`, [...here, 0]];
    else if (kind.is !== 'json' && value instanceof Map && value.size > 0)
      yield [`${where}[]`, [...here, [...value.keys()][0]!]];
  }
}

const mark = '@odd@';

/** The text of the object with another JSON text at one place; not every odd text is JSON that could be built. */
function replaced(json: JsonObject, path: Path, odd: string): string {
  const copy = parseJson(writeCompact(json)) as JsonObject;
  let holder: JsonValue = copy;
  for (const step of path.slice(0, -1))
    holder = (Array.isArray(holder) ? holder[step as number] : (holder as JsonObject).get(step as string))!;
  const last = path.at(-1)!;
  if (Array.isArray(holder)) {
    if (odd === 'missing') holder.splice(last as number, 1);
    else holder[last as number] = mark;
  } else if (odd === 'missing') (holder as JsonObject).delete(last as string);
  else (holder as JsonObject).set(last as string, mark);
  return writeCompact(copy).replace(`"${mark}"`, () => odd);
}
