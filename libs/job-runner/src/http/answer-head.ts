import type { Duplex } from 'node:stream';

/** As much of an answer's head as h11 reads under httpx. @unit bytes */
export const maxHeadBytes = 100 * 1024;

/**
 * Reads the head of an answer on its way from the connection to Node's parser, which in its lenient mode takes what
 * httpx takes (both lengths, control characters in values, blanks behind the size of a chunk), with exceptions that are
 * mended here: a length that is said twice it refuses, and at a CR that ends no line, or a blank behind `chunked`, it
 * would take a part of the answer for the file. A connection's `push` is where bytes enter it, decrypted where it is TLS.
 */
export class AnswerHead {
  /** Of the line that begins the answer proper, after any 1xx; null: it has not come. */
  status: number | null = null;
  private waiting: Buffer | null = Buffer.alloc(0);

  constructor(private readonly connection: Duplex) {
    const push = connection.push.bind(connection) as (chunk: unknown, encoding?: BufferEncoding) => boolean;
    connection.push = (chunk: Buffer | null, encoding?: BufferEncoding) => {
      const passedOn = this.waiting === null || chunk === null ? chunk : this.read(chunk);
      return passedOn?.length === 0 || push(passedOn, encoding);
    };
  }

  /** @returns the bytes for the parser: none as long as a head is not complete */
  private read(chunk: Buffer): Buffer {
    const bytes = Buffer.concat([this.waiting!, chunk]);
    const text = bytes.toString('latin1');
    const ready: string[] = [];
    let at = 0;
    for (;;) {
      const status = /^HTTP\/\d\.\d (\d{3})(?: .*)?\r?\n/.exec(text.slice(at))?.[1];
      const isInterim = status?.startsWith('1') && status !== '101';
      if (status && !isInterim) this.status = Number(status);
      const head = /^[^]*?\n\r?\n/.exec(text.slice(at, at + maxHeadBytes))?.[0];
      const start = text.slice(at, at + 5);
      if (!'HTTP/'.startsWith(start) && !start.startsWith('HTTP/'))
        return this.refuse('HPE_INVALID_CONSTANT');
      if (!head) break;
      const mended = /\r(?!\n)/.test(head) ? null : canonical(head);
      if (mended === null) return this.refuse('HPE_INVALID_HEADER_TOKEN');
      at += head.length;
      ready.push(mended);
      if (isInterim) continue;
      this.waiting = null;
      return Buffer.concat([Buffer.from(ready.join(''), 'latin1'), bytes.subarray(at)]);
    }
    this.waiting = bytes.subarray(at);
    if (this.waiting.length > maxHeadBytes) return this.refuse('HPE_HEADER_OVERFLOW');
    return Buffer.from(ready.join(''), 'latin1');
  }

  /** Ends the connection as Node's parser would. */
  private refuse(code: string): Buffer {
    this.waiting = Buffer.alloc(0);
    this.connection.destroy(Object.assign(new Error('The answer is not HTTP'), { code }));
    return this.waiting;
  }
}

/**
 * The same head in the form that all parsers agree on: CRLF lines, none folded, no blanks at their ends, the length once.
 * Null: it begins with a folded line.
 */
function canonical(head: string): string | null {
  const [first, ...lines] = head.replace(/\r?\n\r?\n$/, '').split(/\r?\n/);
  const headers: string[] = [];
  for (const line of lines) {
    const isFolded = /^[ \t]/.test(line);
    if (isFolded && headers.length === 0) return null;
    headers.push(isFolded ? `${headers.pop()} ${line.replace(/^[ \t]+/, '')}` : line);
  }
  const isLength = (header: string) => /^content-length:/i.test(header);
  const lengths = headers.filter(isLength).flatMap((header) => header.split(/[:,]/).slice(1));
  const length = lengths[0]?.trim();
  const isRepeated = lengths.length > 1 && lengths.every((one) => one.trim() === length);
  const firstAt = headers.findIndex(isLength);
  const kept = isRepeated
    ? headers
        .filter((header, index) => index === firstAt || !isLength(header))
        .with(firstAt, `Content-Length: ${length}`)
    : headers;
  return [first!, ...kept].map((line) => `${line.replace(/[ \t]+$/, '')}\r\n`).join('') + '\r\n';
}
