import { randomUUID } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';

const PIECE = 64 * 1024;

export interface UploadBody {
  headers: Record<string, string>;
  /** Reads from the start each time, for another try. */
  open(): Readable;
}

/** The file as it is, for a PUT. No content type: presigned URLs are signed without one. */
export function rawBody(file: FileHandle, size: number): UploadBody {
  return { headers: { 'content-length': String(size) }, open: () => stream(readFile(file, size)) };
}

/** A form with the given fields first and then the file as `file`, for a POST. */
export function formBody(
  file: FileHandle,
  size: number,
  name: string,
  fields: Map<string, string>,
): UploadBody {
  const boundary = randomUUID().replaceAll('-', '');
  const part = (disposition: string) => `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n`;
  const before = Buffer.from(
    [...fields].map(([key, value]) => `${part(`name="${escaped(key)}"`)}\r\n${value}\r\n`).join('') +
      `${part(`name="file"; filename="${escaped(name)}"`)}Content-Type: ${contentType(name)}\r\n\r\n`,
  );
  const after = Buffer.from(`\r\n--${boundary}--\r\n`);
  return {
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': String(before.length + size + after.length),
    },
    open: () =>
      stream(
        (async function* () {
          yield before;
          yield* readFile(file, size);
          yield after;
        })(),
      ),
  };
}

function stream(pieces: AsyncIterable<Buffer>): Readable {
  return Readable.from(pieces, { objectMode: false });
}

/** Exactly as many bytes as were announced, should the file have grown; a file that shrank ends the request. */
async function* readFile(file: FileHandle, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < size;) {
    const length = Math.min(PIECE, size - at);
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, at);
    if (bytesRead === 0) throw new Error('the file became shorter');
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
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
