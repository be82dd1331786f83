/**
 * Times on the wire have microseconds, and their exact text is signed; a `Date` would lose three digits.
 * So a time is kept as its canonical text: `2025-01-02T03:04:05.000123Z`, without a fraction when that is 0.
 */
export type WireTime = string;

const pattern =
  /^(\d{4})-(\d{2})-(\d{2})[Tt _](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,30}))?)?([Zz]|[+-]\d{2}:?\d{2})$/;
const numeric = /^[+-]?\d{1,20}(?:\.\d{0,20})?$/;

/** Numbers beyond this count milliseconds, as pydantic reads them. @unit seconds */
const watershed = 2e10;

/**
 * The canonical text of a time, or null when it is none: a text with an offset, or the time since 1970 as a number
 * or a numeric text, in seconds, or in milliseconds when it is beyond the year 2603.
 */
export function canonicalTime(value: unknown): WireTime | null {
  if (typeof value === 'number') return sinceEpoch(value);
  if (typeof value !== 'string' || value.length > 100) return null;
  const match = pattern.exec(value);
  if (!match) return numeric.test(value) ? sinceEpoch(Number(value)) : null;
  const [, year, month, day, hour, minute, second = '00', fraction = '', zone = 'Z'] = match;
  const micros = fraction.padEnd(6, '0').slice(0, 6);
  const offset = /^[Zz]$|^[+-]00:?00$/.test(zone) ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
  if (offset !== 'Z' && (Number(offset.slice(1, 3)) > 23 || Number(offset.slice(4)) > 59)) return null;
  const real = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const exists = !Number.isNaN(real.getTime()) && real.getUTCDate() === Number(day) && Number(hour) < 24;
  if (!exists) return null;
  return `${year}-${month}-${day}T${hour}:${minute}:${second}${micros === '000000' ? '' : `.${micros}`}${offset}`;
}

function sinceEpoch(time: number): WireTime | null {
  const seconds = Math.floor(time);
  const micros = Math.round((time - seconds) * 1e6);
  const total = Math.abs(seconds) > watershed ? seconds * 1000 + micros : seconds * 1e6 + micros;
  return total >= 0 && total < 253_402_300_800e6 ? wireTime(total) : null;
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

/** Microseconds since 1970, all of them. */
export function wireTimeToMicros(time: WireTime): number {
  const fraction = /\.(\d{6})/.exec(time);
  return Date.parse(fraction ? time.replace(fraction[0], '') : time) * 1000 + Number(fraction?.[1] ?? 0);
}
