/**
 * Something that needs a person, in one declaration: the rule for Prometheus and what the service looks at by itself are
 * both made from it.
 */
export interface Condition {
  /** As Prometheus shows it: `NoValidatorConnected`. */
  name: string;
  /** The gauge that tells. While it has no value, nothing is the matter. */
  metric: string;
  /** Of several series those with these labels. */
  where?: Readonly<Record<string, string>>;
  /** Which values are the matter; `apart`: those that are further from 0 than the limit, to either side. */
  is: 'above' | 'below' | 'apart';
  limit: number;
  /** How long it has to last before anybody is told. @unit seconds */
  for: number;
  severity: 'critical' | 'warning';
  /** What is the matter, as a sentence; `{value}` stands for the worst value, `{host}` for what the label `host` names. */
  says: string;
  /** What an operator types next. */
  command: string;
}

/** A value of a gauge. */
export interface Sample {
  labels: Partial<Record<string, string | number>>;
  value: number;
}

/** Those of these samples that are the matter, the worst first. */
export function offending(
  { where = {}, is, limit }: Pick<Condition, 'where' | 'is' | 'limit'>,
  samples: Sample[],
): Sample[] {
  return samples
    .filter(({ labels }) => Object.entries(where).every(([label, value]) => labels[label] === value))
    .filter(({ value }) =>
      is === 'above' ? value > limit : is === 'below' ? value < limit : Math.abs(value) > limit,
    )
    .toSorted((a, b) => (is === 'below' ? a.value - b.value : Math.abs(b.value) - Math.abs(a.value)));
}

/** The same for Prometheus. */
export function expressionOf({ metric, where = {}, is, limit }: Condition): string {
  const labels = Object.entries(where).map(([label, value]) => `${label}="${value}"`);
  const series = labels.length > 0 ? `${metric}{${labels.join(',')}}` : metric;
  return is === 'apart' ? `abs(${series}) > ${limit}` : `${series} ${is === 'above' ? '>' : '<'} ${limit}`;
}
