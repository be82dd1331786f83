/** ComputeHorde's keys that are not there, and what is instead: the rest of a sentence. */
export const absentKeys: Readonly<Record<string, string>> = {
  ORGANIC_JOB_CELERY_WAIT_TIMEOUT: 'a job takes as long as its own limits allow, and is not given up before',
  DYNAMIC_COMMIT_REVEAL_REVEAL_END_BUFFER: "ComputeHorde's validator reports it, and does nothing with it",
  ...unused(
    'it was for synthetic jobs, which are no more',
    `DYNAMIC_MANIFEST_SCORE_MULTIPLIER DYNAMIC_MANIFEST_DANCE_RATIO_THRESHOLD
     DYNAMIC_NON_PEAK_CYCLE_EXECUTOR_MIN_RATIO DYNAMIC_NON_PEAK_CYCLE_PENALTY_MULTIPLIER
     DYNAMIC_DEFAULT_EXECUTOR_LIMITS_FOR_MISSED_PEAK`,
  ),
  ...unused(
    'weights are handed in through Pylon, which reveals them',
    `DYNAMIC_MAX_WEIGHT DYNAMIC_WEIGHT_REVEALING_TTL DYNAMIC_WEIGHT_REVEALING_HARD_TTL
     DYNAMIC_WEIGHT_REVEALING_ATTEMPTS DYNAMIC_WEIGHT_REVEALING_FAILURE_BACKOFF`,
  ),
  ...unused(
    "ComputeHorde's validator does nothing with it either",
    `DYNAMIC_DUMMY DYNAMIC_BLOCK_FINALIZATION_NUMBER DYNAMIC_ORGANIC_JOB_SCORE
     DYNAMIC_SCORE_ORGANIC_JOBS_LIMIT`,
  ),
};

function unused(why: string, names: string): Record<string, string> {
  return Object.fromEntries(names.split(/\s+/).map((name) => [name, why]));
}
