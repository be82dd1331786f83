import { TypeORMError } from 'typeorm';

/** Whether an error comes from the database or the way to it, and not from our own code. */
export function isDatabaseTrouble(error: unknown): boolean {
  if (error instanceof TypeORMError) return true;
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  // A network error, a state of the server (five characters, such as 57P01), or a broken connection, which has no code.
  return (
    /^(?:E[A-Z_]+|[0-9A-Z]{5})$/.test(code) || /^Connection terminated|timeout exceeded/.test(error.message)
  );
}
