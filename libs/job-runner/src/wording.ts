/** A URL fit for messages and logs: no user, password, query or fragment, where presigned URLs keep their secrets. */
export function withoutSecrets(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return 'an address that is not a URL';
  }
}

const reasons: Record<string, string> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was lost',
  EPIPE: 'the connection was lost',
  ENOTFOUND: 'its host name is not known',
  EAI_AGAIN: 'its host name could not be looked up',
  ETIMEDOUT: 'no answer came in time',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of its path is not a folder',
  EISDIR: 'it is a folder',
  EEXIST: 'something else is there',
  ELOOP: 'it is a symbolic link',
  ENXIO: 'it is not a regular file',
  ENAMETOOLONG: 'its name is too long',
  ENOSPC: "the disk of the executor's machine is full",
  EACCES: 'permission denied',
  EDQUOT: 'the disk quota is used up',
  E2BIG: 'its arguments and variables are too long together',
  EIO: 'the disk does not work',
  EPROTO: 'it does not speak TLS',
  HPE_HEADER_OVERFLOW: 'the headers of its answer are too long',
  Z_DATA_ERROR: 'its compressed data is damaged',
  Z_BUF_ERROR: 'its compressed data ends too early',
};

/** What went wrong, as the end of a sentence: of a system error its meaning, without paths of this machine. */
export function why(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    const reasons = [...new Set((error.errors as unknown[]).map(why))];
    if (reasons.length === 1) return reasons[0]!;
    return (error.errors as NodeJS.ErrnoException[]).map((one) => `${addressOf(one)}${why(one)}`).join('; ');
  }
  if (!(error instanceof Error)) return String(error);
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code?.startsWith('HPE_')) return reasons[code] ?? 'its answer is not HTTP';
  // What the system says of itself names paths of this machine.
  return (code && reasons[code]) || (syscall && code) || error.message.replace(/\.$/, '');
}

/** Node names the address in the errors of single attempts to connect. */
function addressOf(error: NodeJS.ErrnoException & { address?: string }): string {
  return error.address ? `${error.address}: ` : '';
}
