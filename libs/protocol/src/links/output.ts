/** The most that may be asked for at once on `logs-2`. @unit bytes */
export const maxOutputCredit = 256 * 1024;

/**
 * How much is kept for those who come late: of a job, by services that store what it prints, and of each stream, by the
 * executor. So much of the beginning, and of the end. @unit bytes
 */
export const keptOutput = { first: 4 * 2 ** 20, last: 4 * 2 ** 20 };

/**
 * The next byte from `offset` on that is kept of a stream that has come to `total`: above `offset` where that is in the
 * part between its kept ends.
 */
export function keptFrom(offset: number, total: number): number {
  return offset < keptOutput.first ? offset : Math.max(offset, total - keptOutput.last);
}

/** No stream is so long: beyond, places in it could not be told. @unit bytes */
export const maxOutput = 100_000_000_000_000;
