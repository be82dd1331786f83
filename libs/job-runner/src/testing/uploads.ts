import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type {
  MultiUpload,
  OutputUpload,
  SingleFilePost,
  SingleFilePut,
  ZipAndHttpPost,
  ZipAndHttpPut,
} from '@horde/protocol';
import { uploadOutput, type UploadOutputOptions } from '../uploads/upload-output.ts';

export const put = (
  url: string,
  relative_path: string,
  headers: [string, string][] | null = null,
): SingleFilePut => ({
  output_upload_type: 'single_file_put',
  url,
  relative_path,
  signed_headers: headers && new Map(headers),
});
export const post = (
  url: string,
  relative_path: string,
  fields: [string, string][] | null = null,
): SingleFilePost => ({
  output_upload_type: 'single_file_post',
  url,
  relative_path,
  form_fields: fields && new Map(fields),
  signed_headers: null,
});
export const zipPut = (url: string): ZipAndHttpPut => ({ output_upload_type: 'zip_and_http_put', url });
export const zipPost = (url: string, fields: [string, string][] | null = null): ZipAndHttpPost => ({
  output_upload_type: 'zip_and_http_post',
  url,
  form_fields: fields && new Map(fields),
});
export const multi = (
  uploads: MultiUpload['uploads'],
  system_output: MultiUpload['system_output'] = null,
): MultiUpload => ({ output_upload_type: 'multi_upload', uploads, system_output });

/** A job's output folder with these files, which is gone after the test. */
export function makeOutput(files: Record<string, string | Buffer> = {}): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-output-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, contents] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), contents);
  }
  return folder;
}

export const upload = (
  what: OutputUpload | null,
  folder: string,
  options: Partial<UploadOutputOptions> = {},
): Promise<Map<string, string>> =>
  uploadOutput(what, folder, {
    signal: new AbortController().signal,
    allowPrivateAddresses: true,
    retryDelays: [1, 1],
    ...options,
  });

/** The failure of an upload with this code and message. */
export const uploadFailure = (code: string, message: string | RegExp = /./) =>
  expect.objectContaining({
    code,
    reason: 'upload_failed',
    stage: 'result_upload',
    message: expect.stringMatching(message),
  });
