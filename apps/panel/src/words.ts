/** A span of time, short: `850 ms`, `12.3 s`, `4 min 10 s`, `5 min`, `2 h 5 min`. @param seconds null: unknown */
export function spanWords(seconds: number | null): string {
  if (seconds === null) return 'unknown';
  if (seconds < 1) return `${Math.round(seconds * 1_000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const whole = Math.round(seconds);
  if (whole < 3_600) return parts(Math.floor(whole / 60), 'min', whole % 60, 's');
  return parts(Math.floor(whole / 3_600), 'h', Math.floor((whole % 3_600) / 60), 'min');
}

const parts = (many: number, unit: string, rest: number, restUnit: string): string =>
  rest === 0 ? `${many} ${unit}` : `${many} ${unit} ${rest} ${restUnit}`;

/** How long something takes as a rule. @param median of the last 24 hours; null: there was none @param p95 of 95 % */
export const usualWords = (median: number | null, p95: number | null): string =>
  median === null ? 'no job in 24 h' : `${spanWords(median)}; 95 % within ${spanWords(p95)}`;

/** Its reader's time zone, short: `UTC`, `GMT+1`. */
export const zoneAt = (time: Date): string =>
  new Intl.DateTimeFormat('en', { timeZoneName: 'short' })
    .formatToParts(time)
    .find(({ type }) => type === 'timeZoneName')!.value;

const digits = (value: number, count = 2): string => String(value).padStart(count, '0');

/** The day of a moment where its reader is, `2026-11-30`. */
export const dayWords = (time: Date): string =>
  `${time.getFullYear()}-${digits(time.getMonth() + 1)}-${digits(time.getDate())}`;

/** A moment as its reader's clock shows it, `03:07:09`. @param precise with milliseconds */
export function clockWords(time: Date, precise = false): string {
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => digits(part)).join(':');
  return precise ? `${clock}.${digits(time.getMilliseconds(), 3)}` : clock;
}

/** A moment where its reader is, `2026-11-30 03:07:09 UTC`. */
export function momentWords(time: string | null): string {
  if (time === null) return 'never';
  const moment = new Date(time);
  return `${dayWords(moment)} ${clockWords(moment)} ${zoneAt(moment)}`;
}

export const bytesWords = (bytes: number): string => {
  const unit = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(unit.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${unit[power]}`;
};
