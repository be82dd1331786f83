/**
 * SQLSTATEs of a database that cannot be used now, whatever is asked of it: connections (08), resources (53), and a server
 * that is being stopped, started or mended (57P01 to 57P05).
 */
const outages = /^(08...|53...|57P0[1-5])$/;
/** SQLSTATEs of what lost against something else, and may win the next time: serialization, deadlock, a time limit. */
const passing = /^(40001|40P01|55P03|57014|25P0[34])$/;
/** Codes of the system for a peer that cannot be reached. */
const systemCodes = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOENT', // the socket of a server that does not run
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);
/** What pg and TypeORM say of connections without a code. */
const sentences =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout expired|timeout exceeded when trying to connect|Query runner already released|Query read timeout|Driver not Connected|Cannot perform operation on a .*closed)/i;

/**
 * Whether an error says that the database cannot be used now, and nothing of what was asked of it: it is worth asking
 * again, until it can. Every other error, a wrong statement or one that takes too long, would only come again.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isOutage);
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string') return sentences.test(error.message);
  return outages.test(code) || (systemCodes.has(code) && isOfSocket(error));
}

/** Whether the same may succeed when it is done again: an outage, or something else was in its way. */
export function isRetryable(error: unknown): boolean {
  return (
    isOutage(error) || (error instanceof Error && passing.test(String((error as NodeJS.ErrnoException).code)))
  );
}

/** A file that is missing has such a code too. */
const isOfSocket = (error: Error): boolean =>
  (error as { path?: unknown }).path === undefined || isSocketCall(error);

const isSocketCall = (error: Error): boolean => (error as NodeJS.ErrnoException).syscall === 'connect';
