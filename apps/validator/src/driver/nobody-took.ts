import { errors, toJsonValue, type JsonObject } from '@horde/protocol';
import { attemptEndOf } from '../jobs/attempt-end.ts';
import type { Attempt } from '../jobs/attempt.entity.ts';
import { rejected, type Report } from '../jobs/outcome.ts';

/** Of so many miners the user is told why they could not run the job. */
const maxTold = 20;

/** How a job ends that several miners were asked to run. @param last what the last of them said, or is said of it */
export function nobodyTook(attempts: Attempt[], last: Report): Report {
  const lastWords = attemptEndOf(last).message ?? '';
  const candidates = attempts.map(({ miner_hotkey, ended_at, message }) => ({
    hotkey: miner_hotkey,
    why: ended_at ? message : lastWords,
  }));
  const context = { asked: attempts.length, candidates: candidates.slice(0, maxTold) };
  return rejected(errors.NO_MINER_TOOK_JOB(attempts.length, lastWords), toJsonValue(context) as JsonObject);
}
