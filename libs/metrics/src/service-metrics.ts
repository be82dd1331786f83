import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { LabelsOf, MetricRow, MetricRows, NamesOf } from './metric-rows.ts';

/** What Node tells of this process. It watches it for ever: once, for whatever services have been in it. */
let ofProcess: Registry | undefined;

function processMetrics(): Registry {
  if (ofProcess) return ofProcess;
  ofProcess = new Registry();
  collectDefaultMetrics({ register: ofProcess });
  return ofProcess;
}

/** Measures what a gauge shows, when somebody asks for it. */
type Collect = () => Promise<void> | void;

/**
 * What a service tells Prometheus: each figure is a row of its table, and the room that counts it takes it from here.
 * This registry is the page `/metrics`.
 */
export class ServiceMetrics<R extends MetricRows = MetricRows> extends Registry {
  /** The page `/business-metrics`. */
  readonly business = new Registry();

  constructor(private readonly rows: R) {
    super();
    for (const metric of processMetrics().getMetricsAsArray()) this.registerMetric(metric as never);
  }

  /** @param collect is called before the gauge is read; several gauges may share one that `measureOnce` made */
  gauge<N extends NamesOf<R, 'gauge'>>(name: N, collect?: Collect): Gauge<LabelsOf<R[N]>> {
    return new Gauge<LabelsOf<R[N]>>({ ...this.options(name), ...(collect && { collect }) });
  }

  /** @param collect as of a gauge, for what somebody else has counted */
  counter<N extends NamesOf<R, 'counter'>>(name: N, collect?: Collect): Counter<LabelsOf<R[N]>> {
    return new Counter<LabelsOf<R[N]>>({ ...this.options(name), ...(collect && { collect }) });
  }

  histogram<N extends NamesOf<R, 'histogram'>>(name: N): Histogram<LabelsOf<R[N]>> {
    return new Histogram<LabelsOf<R[N]>>({
      ...this.options(name),
      buckets: [...(this.rows[name]!.buckets ?? [])],
    });
  }

  /** The unit of a metric's values; undefined: they have none. */
  unitOf(name: string): MetricRow['unit'] {
    return this.rows[name]?.unit;
  }

  private options<N extends keyof R & string>(name: N) {
    const row: MetricRow = this.rows[name]!;
    return {
      name,
      help: row.help,
      labelNames: [...(row.labels ?? [])] as LabelsOf<R[N]>[],
      registers: [row.isBusiness ? this.business : this],
    };
  }
}
