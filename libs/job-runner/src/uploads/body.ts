import { randomUUID } from 'node:crypto';
import type { Contents } from './contents.ts';

export interface UploadBody {
  headers: Record<string, string>;
  /** Reads from the start each time, for another try; each piece takes the place of the one before. */
  open(): AsyncIterable<Buffer>;
}

/** The contents as they are, for a PUT. No content type: presigned URLs are signed without one. */
export function rawBody(contents: Contents): UploadBody {
  return { headers: { 'content-length': String(contents.size) }, open: () => contents.read() };
}

/** A form with the given fields first and then the contents as `file`, for a POST. */
export function formBody(contents: Contents, name: string, fields: Map<string, string> | null): UploadBody {
  const boundary = randomUUID().replaceAll('-', '');
  const part = (disposition: string) => `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n`;
  const before = Buffer.from(
    [...(fields ?? [])].map(([key, value]) => `${part(`name="${escaped(key)}"`)}\r\n${value}\r\n`).join('') +
      `${part(`name="file"; filename="${escaped(name)}"`)}Content-Type: ${contentType(name)}\r\n\r\n`,
  );
  const after = Buffer.from(`\r\n--${boundary}--\r\n`);
  return {
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': String(before.length + contents.size + after.length),
    },
    async *open() {
      yield before;
      yield* contents.read();
      yield after;
    },
  };
}

/** As browsers write names in form headers; other control characters likewise. */
function escaped(name: string): string {
  // oxlint-disable-next-line no-control-regex
  return name.replace(/["\x00-\x1f]/g, (character) => encodeURIComponent(character));
}

const contentTypes: Record<string, string> = {
  csv: 'text/csv',
  gif: 'image/gif',
  html: 'text/html',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  json: 'application/json',
  mp4: 'video/mp4',
  pdf: 'application/pdf',
  png: 'image/png',
  tar: 'application/x-tar',
  txt: 'text/plain',
  wav: 'audio/x-wav',
  xml: 'text/xml',
  zip: 'application/zip',
};

/** Guessed from the name, as the clients of ComputeHorde's executor do. */
function contentType(name: string): string {
  const extension = /[^.].*\.(?<extension>[^.]+)$/s.exec(name)?.groups?.['extension']?.toLowerCase() ?? '';
  return contentTypes[extension] ?? 'application/octet-stream';
}
