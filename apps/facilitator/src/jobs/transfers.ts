import {
  HuggingfaceVolume,
  readVariant,
  ShapeError,
  singleUploadClasses,
  singleVolumeClasses,
  toJson,
  wireSchema,
  type FieldProblem,
  type JsonValue,
  type SingleUpload,
  type SingleVolume,
  type WireClass,
} from '@horde/protocol';
import type { Schema } from '@horde/openapi';
import { nulProblem, type FieldReading } from '@horde/rest';
import { problemOfItem, problemOfList, type TransferProblem } from './transfer-problems.ts';

/** As many as a validator reads. */
const maxTransfers = 1_000;
/** How many problems are listed: the first ones. */
const maxProblems = 100;

/** Reads a job's volumes. An error is the list of all that is wrong. */
export const readVolumes = (raw: JsonValue): FieldReading<SingleVolume[]> =>
  readTransfers<SingleVolume>('volume_type', singleVolumeClasses(), raw);

/** Reads a job's uploads. An error is the list of all that is wrong. */
export const readUploads = (raw: JsonValue): FieldReading<SingleUpload[]> =>
  readTransfers<SingleUpload>('output_upload_type', singleUploadClasses(), raw);

/** What is documented of a list of volumes or uploads: what their message classes read. */
export const listOf = (classes: WireClass[]): Schema => ({
  type: 'array',
  items: { oneOf: classes.map((type) => wireSchema(type)) },
  maxItems: maxTransfers,
});

function readTransfers<T extends object>(
  tag: keyof T & string,
  classes: (new () => T)[],
  raw: JsonValue,
): FieldReading<T[]> {
  if (!Array.isArray(raw)) return { problem: [problemOfList(raw)] };
  if (raw.length > maxTransfers)
    return { problem: [`Ensure this field has no more than ${maxTransfers} elements.`] };
  const kinds = classes.map((type) => String(new type()[tag]));
  const problems: TransferProblem[] = [];
  const value: T[] = [];
  raw.forEach((item, index) => {
    const found = (list: FieldProblem[]) =>
      problems.push(...list.map((one) => problemOfItem(item, index, one, tag, kinds)));
    try {
      const transfer = readVariant(tag, classes, item);
      found(furtherProblems(transfer));
      value.push(transfer);
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      found(error.problems);
    }
  });
  return problems.length > 0 ? { problem: problems.slice(0, maxProblems) } : { value };
}

/** What the classes do not check: they also read what other peers have stored. */
function furtherProblems(transfer: object): FieldProblem[] {
  if (hasNul(toJson(transfer))) return [{ path: '', problem: nulProblem }];
  if (!(transfer instanceof HuggingfaceVolume)) return [];
  const patterns = transfer.allow_patterns;
  const isPatterns = patterns === null || [patterns].flat().every((pattern) => typeof pattern === 'string');
  return isPatterns ? [] : [{ path: 'allow_patterns', problem: 'must be a string or a list of strings' }];
}

function hasNul(value: JsonValue): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (Array.isArray(value)) return value.some(hasNul);
  return value instanceof Map && [...value].some(([key, item]) => key.includes('\0') || hasNul(item));
}
