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
