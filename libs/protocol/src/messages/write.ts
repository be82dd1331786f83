import { writeCompact } from '../json/write.ts';
import { toJsonValue, type JsonObject, type JsonValue } from '../json/values.ts';
import type { FieldKind, WireClass } from './fields.ts';
import { planOf } from './plan.ts';

/** A wire object as JSON: every field, nulls included, in the order of its class. */
export function toJson(object: object): JsonObject {
  const json: JsonObject = new Map();
  for (const { name, kind, keepAbsent } of planOf(object.constructor as WireClass).fields) {
    const value = (object as Record<string, unknown>)[name];
    if (value !== undefined) json.set(name, value === null ? null : fieldToJson(kind, value));
    else if (!keepAbsent) throw new Error(`${object.constructor.name}.${name} is not set.`);
  }
  return json;
}

function fieldToJson(kind: FieldKind, value: unknown): JsonValue {
  if (kind.is === 'object' || kind.is === 'variant') return toJson(value as object);
  if (kind.is === 'variants' || kind.is === 'objects') return (value as object[]).map(toJson);
  return toJsonValue(value);
}

/** The text of a frame. */
export const writeFrame = (message: object): string => writeCompact(toJson(message));
