export { around } from './around.ts';
export { clampDelay, maxDelay } from './delay.ts';
export { inParallel } from './in-parallel.ts';
export { orAborted } from './or-aborted.ts';
export { pause } from './pause.ts';
export { doublingPause, type Pauses } from './pauses.ts';
export { steadyNow } from './steady-now.ts';
export { TokenBucket } from './token-bucket.ts';
export { untilDone } from './until-done.ts';
