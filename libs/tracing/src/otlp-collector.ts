import { SpanKind, SpanStatusCode, TraceFlags, type HrTime, type SpanContext } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { spanIdOf, traceIdOf, type Place, type Span } from './span.ts';

/** How many spans one request has at most. */
const batch = 500;

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL };

/** Tells spans over OTLP/HTTP as JSON; address, headers, certificates and limits are OpenTelemetry's own variables. */
export class OtlpCollector {
  private readonly exporter = new OTLPTraceExporter();
  private readonly resource;

  constructor(service: string) {
    const own = { 'service.namespace': 'compute-horde', 'service.name': service };
    this.resource = resourceFromAttributes(own).merge(detectResources({ detectors: [envDetector] }));
  }

  async take(spans: Span[]): Promise<void> {
    for (let from = 0; from < spans.length; from += batch)
      await this.send(spans.slice(from, from + batch).map((span) => this.written(span)));
  }

  private send(spans: ReadableSpan[]): Promise<void> {
    return new Promise((resolve, reject) =>
      this.exporter.export(spans, ({ code, error }) =>
        Number(code) === 0 ? resolve() : reject(error ?? new Error('The collector did not take the spans.')),
      ),
    );
  }

  private written(span: Span): ReadableSpan {
    const { job, parent, facts = {}, failure = null, events = [] } = span;
    const known = Object.entries(facts).flatMap(([name, fact]) =>
      fact === null || fact === undefined ? [] : [[name, fact] as const],
    );
    const [start, end] = [span.start.getTime(), Math.max(span.start.getTime(), span.end.getTime())];
    return {
      name: span.name,
      kind: kinds[span.kind ?? 'internal'],
      spanContext: () => context(span),
      ...(parent !== null && {
        parentSpanContext: context(typeof parent === 'string' ? { job, place: parent } : parent),
      }),
      startTime: moment(start),
      endTime: moment(end),
      duration: moment(end - start),
      ended: true,
      status:
        failure === null ? { code: SpanStatusCode.OK } : { code: SpanStatusCode.ERROR, message: failure },
      attributes: { 'horde.job': job, ...Object.fromEntries(known) },
      events: events.map(({ name, at }) => ({ name, time: moment(at.getTime()) })),
      links: [],
      resource: this.resource,
      instrumentationScope: { name: 'horde' },
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
  }
}

const context = (place: Place): SpanContext => ({
  traceId: traceIdOf(place.job),
  spanId: spanIdOf(place),
  traceFlags: TraceFlags.SAMPLED,
});

/** @param ms since 1970, or a duration */
const moment = (ms: number): HrTime => [Math.trunc(ms / 1000), Math.round((ms % 1000) * 1e6)];
