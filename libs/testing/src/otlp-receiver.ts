import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

interface Attribute {
  key: string;
  value: { stringValue?: string };
}

/** A span as OTLP has it in JSON. */
export interface ReceivedSpan {
  /** Hexadecimal, as the other ids. */
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status: { code: number; message?: string };
  /** The service that told it. */
  service: string;
}

interface Exported {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: { spans: Omit<ReceivedSpan, 'service'>[] }[];
  }[];
}

/** The first half of a uuid, twice. */
export const traceOf = (job: string): string => job.replaceAll('-', '').slice(0, 16).repeat(2);

/** A collector of OpenTelemetry's, over HTTP with JSON. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  /** What it answers; of what it refuses it keeps nothing. */
  status = 200;
  /** How often it was told something. */
  asked = 0;
  private readonly http = createServer(async (request, response) => {
    const body = (await json(request)) as Exported;
    this.asked++;
    if (this.status === 200) this.keep(body);
    const known = request.url === '/v1/traces' && request.method === 'POST';
    response.writeHead(known ? this.status : 404, { 'content-type': 'application/json' }).end('{}');
  });

  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    receiver.http.listen(0, '127.0.0.1');
    await once(receiver.http, 'listening');
    return receiver;
  }

  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  get endpoint(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  /** The spans of a job's trace. */
  of(job: string): ReceivedSpan[] {
    return this.spans.filter(({ traceId }) => traceId === traceOf(job));
  }

  async stop(): Promise<void> {
    this.http.close();
    this.http.closeAllConnections();
    await once(this.http, 'close');
  }

  private keep({ resourceSpans }: Exported): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const name = resource.attributes.find(({ key }) => key === 'service.name');
      const service = name?.value.stringValue ?? '';
      this.spans.push(...scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, service }))));
    }
  }
}
