/**
 * What a failed connection or request says, for a sentence: the innermost cause, without an end of its own. Where all
 * addresses of a name failed, Node's error has no words of its own: the reason of each address, each once.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reasonOf(error.cause);
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [...new Set(error.errors.map(reasonOf))].join('; ');
  }
  const { code } = error as NodeJS.ErrnoException;
  return (error.message || code || error.name).replace(/\.$/, '');
}
