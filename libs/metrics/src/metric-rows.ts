/** What a service tells Prometheus under one name. `docs/metrics.md` is written from these rows. */
export interface MetricRow {
  type: 'gauge' | 'counter' | 'histogram';
  /** What the figure is, as a sentence. Prometheus shows it, too. */
  help: string;
  /** Each of few values: classes, statuses, versions that are limited. Never a uuid. */
  labels?: readonly string[];
  unit?: 'seconds' | 'bytes' | 'blocks' | 'executor-seconds' | 'ratio';
  /** The upper bounds of a histogram. */
  buckets?: readonly number[];
  /** The name, the type and the labels are ComputeHorde's. */
  isReference?: true;
  /** On the page `/business-metrics` instead of `/metrics`. */
  isBusiness?: true;
}

/** By their names in Prometheus. */
export type MetricRows = Readonly<Record<string, MetricRow>>;

/** Keeps the names, types and labels of these rows for the compiler. */
export const metricRows = <const R extends MetricRows>(rows: R): R => rows;

/** The names of the rows that have this type. */
export type NamesOf<R extends MetricRows, T extends MetricRow['type']> = {
  [N in keyof R]: R[N]['type'] extends T ? N : never;
}[keyof R] &
  string;

/** The labels of a row. */
export type LabelsOf<R extends MetricRow> = R extends { labels: readonly (infer L extends string)[] }
  ? L
  : never;
