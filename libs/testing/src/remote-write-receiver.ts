import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface Written {
  headers: IncomingHttpHeaders;
  /** As it came. */
  body: Buffer;
  series: { labels: [name: string, value: string][]; value: number; at: number }[];
}

/** What takes Prometheus' remote write, and reads it by the formats' descriptions. */
export async function startRemoteWriteReceiver() {
  const written: Written[] = [];
  const receiver = { url: '', written, status: 204, close: () => server.close() };
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    written.push({ headers: request.headers, body, series: seriesIn(unsnap(body)) });
    response.writeHead(receiver.status).end('as the spec wants it');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/prometheus_inbound_proxy/`;
  return receiver;
}

/** Reads Snappy's block format. @throws Error where it is none */
export function unsnap(bytes: Buffer): Buffer {
  const reader = new Reader(bytes);
  const length = reader.varint();
  let read = Buffer.alloc(0);
  while (!reader.atEnd) {
    const tag = reader.take(1)[0]!;
    const kind = tag & 3;
    const rest = tag >> 2;
    if (kind === 0) {
      const size = rest < 60 ? rest : reader.take(rest - 59).reduceRight((sum, byte) => sum * 256 + byte, 0);
      read = Buffer.concat([read, reader.take(size + 1)]);
    } else if (kind === 2) {
      const offset = reader.take(2).readUInt16LE();
      if (offset === 0 || offset > read.length) throw new Error('A copy of what is not there.');
      const copied = Buffer.alloc(rest + 1);
      for (let i = 0; i < copied.length; i++)
        copied[i] = i < offset ? read.at(i - offset)! : copied[i - offset]!;
      read = Buffer.concat([read, copied]);
    } else throw new Error(`The tag ${tag} is not read here.`);
  }
  if (read.length !== length) throw new Error(`It has ${read.length} bytes and says ${length}.`);
  return read;
}

function seriesIn(message: Buffer): Written['series'] {
  return fieldsOf(message).map((series) => {
    const labels: [string, string][] = [];
    let sample: Buffer | undefined;
    for (const { number, bytes } of fields(series))
      if (number === 1) labels.push(fieldsOf(bytes).map(String) as [string, string]);
      else sample = bytes;
    const reader = new Reader(sample!);
    reader.take(1);
    const value = reader.take(8).readDoubleLE();
    reader.take(1);
    return { labels, value, at: reader.varint() };
  });
}

const fieldsOf = (message: Buffer): Buffer[] => fields(message).map(({ bytes }) => bytes);

function fields(message: Buffer): { number: number; bytes: Buffer }[] {
  const reader = new Reader(message);
  const found: { number: number; bytes: Buffer }[] = [];
  while (!reader.atEnd) {
    const tag = reader.varint();
    if ((tag & 7) !== 2) throw new Error(`A field of the kind ${tag & 7}.`);
    found.push({ number: tag >> 3, bytes: reader.take(reader.varint()) });
  }
  return found;
}

class Reader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get atEnd(): boolean {
    return this.at === this.bytes.length;
  }

  take(count: number): Buffer {
    if (this.at + count > this.bytes.length) throw new Error('It ends too early.');
    return this.bytes.subarray(this.at, (this.at += count));
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.take(1)[0]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }
}
