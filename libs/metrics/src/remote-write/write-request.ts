import type { Registry } from 'prom-client';
import { varint } from './snappy.ts';

export interface Series {
  /** With its name, as `__name__`. */
  labels: Record<string, string>;
  value: number;
}

/** What a page of metrics shows now, with further labels on each series. */
export async function seriesOf(registry: Registry, more: Record<string, string>): Promise<Series[]> {
  const metrics = await registry.getMetricsAsJSON();
  return metrics.flatMap(({ name, values }) =>
    values.map(({ labels, value, ...own }) => ({
      // A histogram's and a summary's have names of their own.
      labels: { ...texts(labels), ...more, __name__: (own as { metricName?: string }).metricName ?? name },
      value,
    })),
  );
}

const texts = (labels: object): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]));

/**
 * The message `WriteRequest` of Prometheus' remote write 1.0, in protobuf.
 *
 * @param at when they had these values. @unit ms since 1970
 */
export function writeRequest(series: readonly Series[], at: number): Buffer {
  return Buffer.concat(
    series.map(({ labels, value }) => {
      // A receiver may refuse labels that are not in order.
      const names = Object.keys(labels).toSorted((a, b) => (a < b ? -1 : 1));
      const pairs = names.map((name) =>
        field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(labels[name]!))])),
      );
      return field(1, Buffer.concat([...pairs, field(2, sample(value, at))]));
    }),
  );
}

/** A field whose length is told before its bytes. */
const field = (number: number, bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from([(number << 3) | 2]), varint(BigInt(bytes.length)), bytes]);

function sample(value: number, at: number): Buffer {
  const double = Buffer.alloc(9, (1 << 3) | 1);
  double.writeDoubleLE(value, 1);
  return Buffer.concat([double, Buffer.from([2 << 3]), varint(BigInt(at))]);
}
