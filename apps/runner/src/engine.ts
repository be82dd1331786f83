import { statusOf } from '@horde/job-runner';

/** Whether an error of the engine says that there is no such thing. */
export const isMissing = (error: unknown): boolean => statusOf(error) === 404;

/** Of something that is not there: null. */
export function orNull(error: unknown): null {
  if (isMissing(error)) return null;
  throw error;
}

/** It has ended already, or runs already, or is being removed. */
export function unlessSo(error: unknown): void {
  if (![304, 409].includes(statusOf(error) ?? 0)) throw error;
}
