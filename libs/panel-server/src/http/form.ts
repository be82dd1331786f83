import { HttpException } from '@nestjs/common';
import type { Request } from 'express';

/** @unit bytes */
const largest = 16 * 1024;
/** How long a form may take to arrive. @unit ms */
const arrivalLimit = 10_000;

/** The fields of a form that was sent. @throws HttpException 408, 413, 415 */
export async function readForm(request: Request): Promise<URLSearchParams> {
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new HttpException('This takes a form.', 415);
  const late = setTimeout(() => request.destroy(), arrivalLimit);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > largest) throw new HttpException('The form is too large.', 413);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof HttpException ? error : new HttpException('The form did not arrive.', 408);
  } finally {
    clearTimeout(late);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString());
}
