import { createHash } from 'node:crypto';
import path from 'node:path';
import { Controller, Get, NotFoundException, Param, Req, Res } from '@nestjs/common';
import type { Page } from '@horde/receipts';
import type { Request, Response } from 'express';
import { ReceiptPages } from './receipt-pages.ts';

/**
 * `GET /receipts/{page}.jsonl`: the pages of receipts, as ComputeHorde's miners show them. Ranges, HEAD and conditional
 * requests work as for any file; whoever accepts gzip gets the archive of a page that is complete, which is also there as
 * `{page}.jsonl.gz`.
 */
@Controller('receipts')
export class ReceiptPagesController {
  constructor(private readonly pages: ReceiptPages) {}

  @Get(':name')
  async show(@Param('name') name: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const { number, gz } = /^(?<number>\d{1,12})\.jsonl(?<gz>\.gz)?$/.exec(name)?.groups ?? {};
    const page = number === undefined ? null : await this.pages.page(Number(number));
    if (!page || (gz && page.archive === null))
      throw new NotFoundException('There is no such page of receipts.');
    const archive = gz || request.acceptsEncodings('gzip') === 'gzip' ? page.archive : null;
    response.set({
      'Content-Type': gz ? 'application/gzip' : 'application/jsonl',
      Vary: 'Accept-Encoding',
      ETag: tagOf(page, archive),
    });
    if (archive !== null && !gz) response.set('Content-Encoding', 'gzip');
    await send(response, archive ?? page.file, archive === null ? page.size : undefined);
  }
}

/** Changes with what is sent: parts of a page may be put together when their tags are the same. */
function tagOf({ file, size, changedAt }: Page, archive: string | null): string {
  const parts = [path.basename(archive ?? file), size, changedAt.getTime()];
  return `"${createHash('sha1').update(parts.join()).digest('hex').slice(0, 20)}"`;
}

/** @param size no more of the file is sent; undefined: all of it */
function send(response: Response, file: string, size: number | undefined): Promise<void> {
  const options = {
    root: path.resolve(path.dirname(file)),
    cacheControl: false,
    ...(size !== undefined && { end: size - 1 }),
  };
  return new Promise((resolve) => {
    response.sendFile(path.basename(file), options, (error?: Error & { status?: number }) => {
      // 404: removed meanwhile; 412 and 416: what the request asks for is not there. Else the client is gone.
      if (error && !response.headersSent) {
        for (const name of ['Content-Type', 'Content-Encoding', 'ETag', 'Last-Modified'])
          response.removeHeader(name);
        response.status(error.status ?? 500).end();
      }
      resolve();
    });
  });
}
