/** A span of time, short: `850 ms`, `12.3 s`, `4 min 10 s`, `2 h 5 min`. @param seconds null: unknown */
export function spanWords(seconds: number | null): string {
  if (seconds === null) return 'unknown';
  if (seconds < 1) return `${Math.round(seconds * 1_000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const whole = Math.round(seconds);
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}

/** A moment as its reader's clock shows it. */
export const momentWords = (time: string | null): string =>
  time === null ? 'never' : new Date(time).toLocaleString();

export const bytesWords = (bytes: number): string => {
  const unit = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(unit.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${unit[power]}`;
};
