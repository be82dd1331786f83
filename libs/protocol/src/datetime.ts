/**
 * Times on the wire have microseconds, and their exact text is signed; a `Date` would lose three digits.
 * So a time is kept as its canonical text: `2025-01-02T03:04:05.000123Z`, without a fraction when that is 0.
 */
export type WireTime = string;

const pattern =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([Zz]|[+-]\d{2}:?\d{2})$/;

/** The canonical text of a time with an offset, or null when it is none. */
export function canonicalTime(text: string): WireTime | null {
  const match = pattern.exec(text);
  if (!match) return null;
  const [, year, month, day, hour, minute, second = '00', fraction = '', zone = 'Z'] = match;
  const micros = fraction.padEnd(6, '0').slice(0, 6);
  const offset = /^[Zz]$|^[+-]00:?00$/.test(zone) ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
  const canonical = `${year}-${month}-${day}T${hour}:${minute}:${second}${micros === '000000' ? '' : `.${micros}`}${offset}`;
  const real = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const exists = !Number.isNaN(real.getTime()) && real.getUTCDate() === Number(day) && Number(hour) < 24;
  return exists ? canonical : null;
}

/** @param microseconds since 1970 */
export function wireTime(microseconds: number): WireTime {
  const date = new Date(Math.floor(microseconds / 1000));
  const micros = Math.floor(microseconds % 1_000_000);
  const seconds = date.toISOString().slice(0, 19);
  return micros === 0 ? `${seconds}Z` : `${seconds}.${String(micros).padStart(6, '0')}Z`;
}

/** The current time to the microsecond, as far as the machine's clock goes. */
export const wireTimeNow = (): WireTime =>
  wireTime(Math.floor((performance.timeOrigin + performance.now()) * 1000));

/** Milliseconds since 1970. */
export const wireTimeToMs = (time: WireTime): number => new Date(time).getTime();
