import { InvalidArgumentError } from 'commander';

/** @unit ms */
const units: Record<string, number> = {
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const relative = /^(\d{1,9}) ?(s|m|min|h|d|w)$/;
const absolute = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * Reads a moment: how long ago it is, such as `90s`, `20m`, `2h`, `7d`, `2w`; or a date, its first moment in UTC; or a date
 * and a time, of this machine's time zone where it names none.
 *
 * @param now ms since 1970
 */
export function momentOf(text: string, now: number): Date {
  const [, count, unit] = relative.exec(text) ?? [];
  const date = new Date(unit ? now - Number(count) * units[unit]! : absolute.test(text) ? text : NaN);
  if (Number.isNaN(date.getTime()) || date.getTime() < 0)
    throw new InvalidArgumentError(
      'It is how long ago, such as 20m, 2h or 7d, or a time such as 2026-01-31T23:59:59Z.',
    );
  return date;
}

/** For options. @see momentOf */
export const moment = (text: string): Date => momentOf(text, Date.now());
