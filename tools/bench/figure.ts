/** One measured figure of a bench. */
export interface Figure {
  name: string;
  value: number;
  /** What `value` counts: `1/s`, `ms`, `MB`, `times`. */
  unit: string;
  /** What the value has to reach; null: shown for comparison only (a floor or a rival). */
  bar: number | null;
  /** True where more is better: the value has to be at least the bar. False: at most. */
  atLeast: boolean;
  /** What was measured, or beside what, where the name does not say it. */
  note?: string;
}

/** A figure of which less is better, or that has no bar. */
export const shown = (name: string, value: number, unit: string, bar: number | null = null): Figure => ({
  name,
  value,
  unit,
  bar,
  atLeast: false,
});
