/**
 * Arithmetic on arrays as NumPy does it, to the last bit: validators hand in weights that have been rounded by it, and
 * have to agree.
 */
export interface Floats {
  /** Rounds a result to what an element can hold. */
  round: (value: number) => number;
  values: readonly number[];
}

/** float32: every result is rounded to 24 bits. */
export const float32 = (values: readonly number[]): Floats => ({
  round: Math.fround,
  values: values.map(Math.fround),
});

/** float64: JavaScript's own numbers. */
export const float64 = (values: readonly number[]): Floats => ({ round: (value) => value, values });

/** Each element changed, and rounded. */
export const mapFloats = (
  { round, values }: Floats,
  change: (value: number, index: number) => number,
): Floats => ({
  round,
  values: values.map((value, index) => round(change(value, index))),
});

/** Above so many elements NumPy adds two halves. */
const block = 128;

/** The sum, in the order in which NumPy adds: in eight columns, above 128 elements in halves. */
export function sumOf({ round, values }: Floats): number {
  const add = (a: number, b: number) => round(a + b);
  const sum = (from: number, to: number): number => {
    const length = to - from;
    if (length > block) {
      const half = Math.floor(length / 2);
      const middle = from + half - (half % 8);
      return add(sum(from, middle), sum(middle, to));
    }
    const whole = length < 8 ? 0 : length - (length % 8);
    let total = 0;
    if (whole > 0) {
      const columns = values.slice(from, from + 8);
      for (let i = 8; i < whole; i++) columns[i % 8] = add(columns[i % 8]!, values[from + i]!);
      const [a, b, c, d, e, f, g, h] = columns as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      total = add(add(add(a, b), add(c, d)), add(add(e, f), add(g, h)));
    }
    for (let i = from + whole; i < to; i++) total = add(total, values[i]!);
    return total;
  };
  return sum(0, values.length);
}

/** The sums up to each element, added one after the other. */
export function cumulated({ round, values }: Floats): number[] {
  let total = 0;
  return values.map((value) => (total = round(total + value)));
}
