import {
  HuggingfaceVolume,
  InlineVolume,
  make,
  SingleFilePost,
  SingleFilePut,
  SingleFileVolume,
  ZipUrlVolume,
  type SingleUpload,
  type SingleVolume,
} from '@horde/protocol';
import yazl from 'yazl';
import { clientError } from './client-error.ts';

/** What a job finds at a path under /volume. Made by the functions of this file; the path is added by the job spec. */
export type InputVolume = SingleVolume;

/** Where a file under /output goes. Made by `httpUpload`; the path is added by the job spec. */
export type OutputVolume = SingleUpload;

/** One file behind a URL; it is mounted as a file. */
export const httpVolume = (url: string): InputVolume => make(SingleFileVolume, { url, relative_path: '' });

/** A ZIP archive behind a URL; it is unpacked into a folder. */
export const zipUrlVolume = (url: string): InputVolume => make(ZipUrlVolume, { contents: url });

/** A ZIP archive in the request itself, for a few small files; it is unpacked into a folder. */
export const zipVolume = (archive: Uint8Array): InputVolume =>
  make(InlineVolume, { contents: Buffer.from(archive).toString('base64') });

/** Small files in the request itself, by their paths in the folder. @throws HordeClientError BAD_JOB_SPEC */
export async function inlineVolume(files: Record<string, string | Uint8Array>): Promise<InputVolume> {
  const zip = new yazl.ZipFile();
  for (const [name, contents] of Object.entries(files)) {
    try {
      zip.addBuffer(Buffer.from(contents as Uint8Array), name);
    } catch (error) {
      const why = `The file "${name}" cannot be packed: ${(error as Error).message}.`;
      throw clientError('BAD_JOB_SPEC', { why });
    }
  }
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream as AsyncIterable<Buffer>) chunks.push(chunk);
  return zipVolume(Buffer.concat(chunks));
}

export interface HuggingfaceOptions {
  /** @default 'model' */
  repoType?: 'model' | 'dataset' | 'space';
  /** A branch, tag or commit. @default the main branch */
  revision?: string;
  /** Only files that one of these patterns matches. @default all */
  allowPatterns?: string | string[];
}

/** Files of a Hugging Face repository, in a folder. */
export const huggingfaceVolume = (repoId: string, options: HuggingfaceOptions = {}): InputVolume =>
  make(HuggingfaceVolume, {
    repo_id: repoId,
    repo_type: options.repoType ?? null,
    revision: options.revision ?? null,
    allow_patterns: options.allowPatterns ?? null,
  });

export interface HttpUploadOptions {
  /** PUT sends the file as the body; POST as the field `file` of a form. @default 'PUT' */
  method?: 'PUT' | 'POST';
  /** Further fields of the form, with POST only; their order is kept. */
  formFields?: Record<string, string> | Map<string, string>;
  /** Headers to send with the file. */
  signedHeaders?: Record<string, string> | Map<string, string>;
}

/** One file that is uploaded to a URL when the job has run. */
export function httpUpload(
  url: string,
  { method = 'PUT', formFields, signedHeaders }: HttpUploadOptions = {},
): OutputVolume {
  const signed_headers = signedHeaders ? toMap(signedHeaders) : null;
  if (method === 'POST') {
    const form_fields = formFields ? toMap(formFields) : null;
    return make(SingleFilePost, { url, form_fields, relative_path: '', signed_headers });
  }
  if (formFields)
    throw clientError('BAD_JOB_SPEC', { why: 'An upload with PUT has no form fields; use POST.' });
  return make(SingleFilePut, { url, relative_path: '', signed_headers });
}

/** As a Map; a Map keeps the order of keys that look like numbers, an object does not. */
export const toMap = <T>(entries: Record<string, T> | ReadonlyMap<string, T>): Map<string, T> =>
  entries instanceof Map ? new Map(entries) : new Map(Object.entries(entries as Record<string, T>));

/**
 * Volumes or uploads with the paths at which they are mounted.
 *
 * @throws HordeClientError BAD_JOB_SPEC for a path that is not under `root`, and for a promise, which only types refuse
 */
export function mounted<T extends SingleVolume | SingleUpload>(
  root: '/volume/' | '/output/',
  byPath: Record<string, T> | ReadonlyMap<string, T>,
): T[] {
  return [...toMap(byPath)].map(([path, transfer]) => {
    if (!path.startsWith(root)) {
      const why = `"${path}" cannot be mounted: the path has to begin with ${root}`;
      throw clientError('BAD_JOB_SPEC', { why });
    }
    if (transfer instanceof Promise) {
      const why = `What is to be at "${path}" is a promise: await it first.`;
      throw clientError('BAD_JOB_SPEC', { why });
    }
    const copy = Object.assign(Object.create(Object.getPrototypeOf(transfer) as object) as T, transfer);
    return Object.assign(copy, { relative_path: path.slice(root.length) });
  });
}
