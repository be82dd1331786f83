import { steadyNow } from '@horde/async';

/**
 * A moment of the steady clock by the machine's, for those who go by that. A machine that was started for a job sets its
 * clock when it has found a time server.
 */
export const byMachineClock = (moment: number): number => moment - steadyNow() + Date.now();
