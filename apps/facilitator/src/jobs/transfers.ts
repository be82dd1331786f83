import {
  HuggingfaceVolume,
  readVariant,
  ShapeError,
  singleUploadClasses,
  singleVolumeClasses,
  toJson,
  type JsonValue,
  type SingleUpload,
  type SingleVolume,
} from '@horde/protocol';
import { nulProblem, pythonType } from './field-reader.ts';

/** As many as a validator reads. */
const mostTransfers = 1_000;

/** What is wrong, in the form of the reference's own errors: where it is, and a sentence. */
interface TransferProblem {
  type: string;
  loc: string[];
  msg: string;
}

type Transfers<T> = { value: T[] } | string[] | TransferProblem[];

/** Reads a job's volumes. An error is the list of all that is wrong. */
export const readVolumes = (raw: JsonValue): Transfers<SingleVolume> =>
  readTransfers<SingleVolume>('volume_type', singleVolumeClasses(), raw);

/** Reads a job's uploads. An error is the list of all that is wrong. */
export const readUploads = (raw: JsonValue): Transfers<SingleUpload> =>
  readTransfers<SingleUpload>('output_upload_type', singleUploadClasses(), raw);

function readTransfers<T extends object>(
  tag: string,
  classes: (new () => T)[],
  raw: JsonValue,
): Transfers<T> {
  if (!Array.isArray(raw)) return [`Expected a list of items but got type "${pythonType(raw)}".`];
  if (raw.length > mostTransfers) return [`Ensure this field has no more than ${mostTransfers} elements.`];
  const problems: TransferProblem[] = [];
  const value: T[] = [];
  raw.forEach((item, index) => {
    try {
      const transfer = readVariant(tag, classes, item);
      problems.push(...furtherProblems(transfer, index));
      value.push(transfer);
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      problems.push(...error.problems.map(({ path, problem }) => problemAt(index, path, problem)));
    }
  });
  return problems.length > 0 ? problems : { value };
}

/** What the classes do not check: they also read what other peers have stored. */
function furtherProblems(transfer: object, index: number): TransferProblem[] {
  if (hasNul(toJson(transfer))) return [problemAt(index, '', nulProblem)];
  if (!(transfer instanceof HuggingfaceVolume)) return [];
  const patterns = transfer.allow_patterns;
  const isPatterns = patterns === null || [patterns].flat().every((pattern) => typeof pattern === 'string');
  return isPatterns ? [] : [problemAt(index, 'allow_patterns', 'must be a string or a list of strings')];
}

const problemAt = (index: number, path: string, msg: string): TransferProblem => ({
  type: msg === 'is required' ? 'missing' : 'value_error',
  loc: [String(index), ...path.split('.').filter(Boolean)],
  msg,
});

function hasNul(value: JsonValue): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (Array.isArray(value)) return value.some(hasNul);
  return value instanceof Map && [...value].some(([key, item]) => key.includes('\0') || hasNul(item));
}
