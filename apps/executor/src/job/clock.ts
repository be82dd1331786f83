/**
 * Milliseconds since 1970 as this process has counted them from its start, whoever sets the machine's clock meanwhile:
 * a machine that was started for a job sets its clock when it has found a time server. Deadlines are given by it.
 */
export const now = (): number => performance.timeOrigin + performance.now();

/** The same moment by the machine's clock, for those who go by that. */
export const byMachineClock = (moment: number): number => moment - now() + Date.now();
