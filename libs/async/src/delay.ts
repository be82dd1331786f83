/** The longest delay that a timer takes, 24.8 days: with a longer one it would go off at once. @unit ms */
export const maxDelay = 2 ** 31 - 1;

/** A delay as a timer takes it: not below 0, and a later moment than the last possible one is as good as never. @unit ms */
export const clampDelay = (delay: number): number => Math.min(Math.max(0, delay), maxDelay);
