import {
  JsonFloat,
  toJson,
  type JobStatusUpdate,
  type JsonObject,
  type JsonValue,
  type StatusMetadata,
} from '@horde/protocol';

/**
 * What is stored of a status update's metadata: without nulls, as in ComputeHorde, and with the keys that a newer
 * validator adds.
 */
export function storedMetadata(update: JobStatusUpdate, raw: JsonValue | undefined): JsonObject {
  const { metadata } = update;
  if (!metadata || !(raw instanceof Map)) return new Map();
  const stored = withAdditions(toJson(metadata), raw);
  for (const name of [
    'miner_response',
    'job_rejection_details',
    'job_failure_details',
    'horde_failure_details',
  ] as const) {
    const part = metadata[name];
    if (part) stored.set(name, withAdditions(toJson(part), raw.get(name)));
  }
  if (metadata.streaming_details)
    stored.set('streaming_details', withoutNulls(toJson(metadata.streaming_details)));
  return stored;
}

/** A frame's metadata as this facilitator writes it for a status of its own. */
export const ownMetadata = (metadata: Partial<StatusMetadata>): JsonObject =>
  new Map(Object.entries(metadata).map(([name, part]) => [name, withoutNulls(toJson(part as object))]));

function withAdditions(known: JsonObject, raw: JsonValue | undefined): JsonObject {
  const additions = raw instanceof Map ? [...raw].filter(([name]) => !known.has(name)) : [];
  return withoutNulls(new Map([...known, ...additions].map(([name, value]) => [name, finite(value)])));
}

const withoutNulls = (object: JsonObject): JsonObject =>
  new Map([...object].filter(([, value]) => value !== null));

/** Numbers such as 1e999, which Python peers read as infinity, have no JSON. */
function finite(value: JsonValue): JsonValue {
  if (value instanceof JsonFloat) return Number.isFinite(value.value) ? value : null;
  if (Array.isArray(value)) return value.map(finite);
  return value instanceof Map ? new Map([...value].map(([key, item]) => [key, finite(item)])) : value;
}
