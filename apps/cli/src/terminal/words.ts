/** How long something takes, coarsely: `40 s`, `12 min`, `3 h`, `5 d`. @param milliseconds of it */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3_600) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** @param now ms since 1970 */
export const ago = (moment: Date, now: number): string => `${span(now - moment.getTime())} ago`;

/** The beginning of a job's uuid, which commands take for the whole. */
export const shortId = (uuid: string): string => uuid.slice(0, 8);

export const shortHotkey = (hotkey: string): string =>
  hotkey.length > 12 ? `${hotkey.slice(0, 4)}…${hotkey.slice(-4)}` : hotkey;

/** @param count bytes */
export function size(count: number): string {
  if (count < 1_000) return `${count} bytes`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = count / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** A text of somebody else's in one line, without what a terminal would obey. */
// oxlint-disable-next-line no-control-regex -- those are meant
export const plain = (text: string): string => text.replace(/[\x00-\x20\x7f-\x9f]+/g, ' ').trim();
