import {
  JsonFloat,
  toJson,
  type JobStatusUpdate,
  type JsonObject,
  type JsonValue,
  type StatusMetadata,
} from '@horde/protocol';

/** What is stored of a status update's metadata. */
export interface StoredMetadata {
  /** Without the miner's response. */
  metadata: JsonObject;
  /** null: there is none. */
  response: StoredResponse | null;
}

/** A miner's response: what its job has printed and left, each on its own, since each may have megabytes. */
interface StoredResponse {
  stdout: JsonValue;
  stderr: JsonValue;
  /** null: the response has none. */
  artifacts: JsonValue;
  /** null: the response has none. */
  uploadResults: JsonValue;
  /** Everything else in it. */
  rest: JsonObject;
}

/** Reads what is to be stored: nulls are dropped, as in ComputeHorde, and the keys that a newer validator adds are kept. */
export function storedMetadata(update: JobStatusUpdate, raw: JsonValue | undefined): StoredMetadata {
  const { metadata } = update;
  if (!metadata || !(raw instanceof Map)) return { metadata: new Map(), response: null };
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
  return withResponseApart(stored);
}

/** Takes the miner's response out of a status' metadata. */
export function withResponseApart(stored: JsonObject): StoredMetadata {
  const whole = stored.get('miner_response');
  if (!(whole instanceof Map)) return { metadata: stored, response: null };
  const metadata = new Map(stored);
  metadata.delete('miner_response');
  const rest = new Map(whole);
  const take = (name: string): JsonValue => {
    const value = rest.get(name) ?? null;
    rest.delete(name);
    return value;
  };
  const response = {
    stdout: take('docker_process_stdout'),
    stderr: take('docker_process_stderr'),
    artifacts: take('artifacts'),
    uploadResults: take('upload_results'),
    rest,
  };
  return { metadata, response };
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
