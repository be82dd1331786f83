import type { Duplex } from 'node:stream';

/** As much of an answer's head as h11 reads under httpx. @unit bytes */
export const maxHeadBytes = 100 * 1024;

/**
 * Reads the head of an answer on its way from the connection to Node's parser, which in its lenient mode takes what
 * httpx takes (both lengths, LF lines, control characters and folded lines in values), but for a length that is said
 * twice: that is passed on once. A connection's `push` is where bytes enter it, decrypted where it is TLS.
 */
export class AnswerHead {
  /** Of the line that begins the answer proper, after any 1xx; null: it has not come. */
  status: number | null = null;
  private waiting: Buffer | null = Buffer.alloc(0);

  constructor(connection: Duplex) {
    const push = connection.push.bind(connection) as (chunk: unknown, encoding?: BufferEncoding) => boolean;
    connection.push = (chunk: Buffer | null, encoding?: BufferEncoding) => {
      const passedOn = this.waiting === null ? chunk : this.read(chunk);
      return passedOn?.length === 0 || push(passedOn, encoding);
    };
  }

  /** @returns the bytes for the parser: none as long as a head is not complete; null: the connection's end */
  private read(chunk: Buffer | null): Buffer | null {
    const waiting = this.waiting!;
    if (chunk === null) {
      this.waiting = null;
      return chunk;
    }
    const bytes = Buffer.concat([waiting, chunk]);
    const text = bytes.toString('latin1');
    const ready: string[] = [];
    let at = 0;
    for (;;) {
      const head = /^[^]*?\n\r?\n/.exec(text.slice(at, at + maxHeadBytes))?.[0];
      const status = /^HTTP\/\d\.\d (\d{3})(?: .*)?\r?\n/.exec(text.slice(at))?.[1];
      const isInterim = status?.startsWith('1') && status !== '101';
      if (status && !isInterim) this.status = Number(status);
      if (!head) break;
      at += head.length;
      ready.push(isInterim ? head : withOneLength(head));
      if (isInterim) continue;
      this.waiting = null;
      return Buffer.concat([Buffer.from(ready.join(''), 'latin1'), bytes.subarray(at)]);
    }
    this.waiting = bytes.subarray(at);
    // Too long, or no HTTP at all: the parser says so.
    const isOther = !'HTTP/'.startsWith(text.slice(at, at + 5));
    if (isOther || this.waiting.length > maxHeadBytes) {
      ready.push(this.waiting.toString('latin1'));
      this.waiting = null;
    }
    return Buffer.from(ready.join(''), 'latin1');
  }
}

/** A length that is said several times is said once, where it is the same. */
function withOneLength(head: string): string {
  const line = /^content-length:(.*)\r?\n/gim;
  const lengths = [...head.matchAll(line)].flatMap(([, values]) =>
    values!.split(',').map((one) => one.trim()),
  );
  if (lengths.length < 2 || new Set(lengths).size > 1) return head;
  let isFirst = true;
  return head.replace(line, () => {
    const kept = isFirst ? `Content-Length: ${lengths[0]}\r\n` : '';
    isFirst = false;
    return kept;
  });
}
