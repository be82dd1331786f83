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
  /** What is the matter, as a sentence; `{value}` stands for the worst value. */
  says: string;
  /** What an operator types next. */
  command: string;
}

/** A value of a gauge. */
export interface Sample {
  labels: Partial<Record<string, string | number>>;
  value: number;
}

/** The worst of these values that is the matter; null: none is. */
export function worstOf(
  { where = {}, is, limit }: Pick<Condition, 'where' | 'is' | 'limit'>,
  samples: Sample[],
): number | null {
  const values = samples
    .filter(({ labels }) => Object.entries(where).every(([label, value]) => labels[label] === value))
    .map(({ value }) => value)
    .filter((value) =>
      is === 'above' ? value > limit : is === 'below' ? value < limit : Math.abs(value) > limit,
    );
  if (values.length === 0) return null;
  return values.reduce((worst, value) =>
    (is === 'below' ? value < worst : Math.abs(value) > Math.abs(worst)) ? value : worst,
  );
}

/** The same for Prometheus. */
export function expressionOf({ metric, where = {}, is, limit }: Condition): string {
  const labels = Object.entries(where).map(([label, value]) => `${label}="${value}"`);
  const series = labels.length > 0 ? `${metric}{${labels.join(',')}}` : metric;
  return is === 'apart' ? `abs(${series}) > ${limit}` : `${series} ${is === 'above' ? '>' : '<'} ${limit}`;
}
