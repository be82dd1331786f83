/**
 * Now, by a clock that begins with the system's when the process starts and goes on evenly, however that is set later: for
 * deadlines that are compared with moments taken in the same process. @unit whole ms since 1970
 */
export const steadyNow = (): number => Math.floor(performance.timeOrigin + performance.now());
