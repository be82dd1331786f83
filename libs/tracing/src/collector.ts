import type { Span } from './span.ts';

/** Who gets the spans: the OpenTelemetry collector that the environment names. */
export interface Collector {
  /** Resolves when it has them. @throws when it does not take them within OTEL_EXPORTER_OTLP_TIMEOUT */
  take(spans: Span[]): Promise<void>;
}

/** Whether the environment names a collector. */
export const isTraced = (environment: Record<string, string | undefined>): boolean =>
  Boolean(environment['OTEL_EXPORTER_OTLP_ENDPOINT'] || environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']) &&
  environment['OTEL_SDK_DISABLED']?.toLowerCase() !== 'true';

/** The collector of this process's environment. Nothing of OpenTelemetry is loaded before. @param service who tells */
export async function openCollector(service: string): Promise<Collector> {
  const { OtlpCollector } = await import('./otlp-collector.ts');
  return new OtlpCollector(service);
}
