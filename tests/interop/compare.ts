import {
  fieldsOf,
  parseJson,
  writeCompact,
  type JsonObject,
  type JsonValue,
  type WireClass,
} from '@horde/protocol';

/** How two readings of one frame differ. */
export interface Comparison {
  /** `Class.field` with two values. */
  unequal: string[];
  /** `Class.field` of ours that the other does not have. */
  onlyOurs: string[];
  /** `Class.key` of theirs that our class does not have. */
  onlyTheirs: string[];
}

/** Compares what we write with what they write, field by field; the order of keys counts only where it is data. */
export function compare(type: WireClass, ours: string, theirs: string): Comparison {
  const found: Comparison = { unequal: [], onlyOurs: [], onlyTheirs: [] };
  compareObjects(type, parseJson(ours) as JsonObject, parseJson(theirs) as JsonObject, found);
  return found;
}

function compareObjects(type: WireClass, ours: JsonObject, theirs: JsonObject, found: Comparison): void {
  const names = new Set<string>();
  for (const { name, kind } of fieldsOf(type)) {
    names.add(name);
    const where = `${type.name}.${name}`;
    if (!theirs.has(name)) {
      if (ours.has(name)) found.onlyOurs.push(where);
    } else if (!ours.has(name)) found.onlyTheirs.push(where);
    else if ('of' in kind) compareParts(kind, where, ours.get(name)!, theirs.get(name)!, found);
    else if (writeCompact(ours.get(name)!) !== writeCompact(theirs.get(name)!)) found.unequal.push(where);
  }
  for (const key of theirs.keys()) if (!names.has(key)) found.onlyTheirs.push(`${type.name}.${key}`);
}

interface PartKind {
  of: () => WireClass | WireClass[];
  tag?: string;
}

function compareParts(
  kind: PartKind,
  where: string,
  ours: JsonValue,
  theirs: JsonValue,
  found: Comparison,
): void {
  const [left, right] = [ours, theirs].map((value) => (Array.isArray(value) ? value : [value])) as [
    JsonValue[],
    JsonValue[],
  ];
  if (left.length !== right.length) found.unequal.push(where);
  for (const [index, part] of left.entries()) {
    const other = right[index];
    if (part instanceof Map && other instanceof Map) {
      const type = partClass(kind, part);
      if (!type) found.unequal.push(where);
      else compareObjects(type, part, other, found);
    } else if (part !== other) found.unequal.push(where);
  }
}

/** The class of a part: the one there is, or the one that its tag names. */
export function partClass({ of, tag }: PartKind, json: JsonObject): WireClass | undefined {
  const types = of();
  if (!Array.isArray(types)) return types;
  return types.find((type) => (new type() as Record<string, unknown>)[tag!] === json.get(tag!));
}
