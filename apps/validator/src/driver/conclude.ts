import type { Transaction } from '@horde/database';
import type { NewJob } from '@horde/protocol';
import { jobEvent } from '../events/job-events.ts';
import { attemptEndOf } from '../jobs/attempt-end.ts';
import type { Attempt, AttemptOutcome } from '../jobs/attempt.entity.ts';
import { finishedReceipt } from '../jobs/messages.ts';
import type { Report } from '../jobs/outcome.ts';
import { costOf, scoreOf, scoreOfUsed } from '../jobs/stages.ts';
import { trustedMinerHotkey } from '../jobs/trusted-miner.ts';
import type { RunParts } from './run-parts.ts';

/** What is stored when a miner is left. */
export interface Leaving {
  /** What it said, or what is said of it. */
  report: Report;
  /** @default what the report says */
  outcome?: AttemptOutcome;
  /** Why the miner, which has not ended the job, is to end it. */
  cancel?: string;
  /** Who has cancelled the job. @default nobody */
  by?: string;
  /** What the miner is paid for, of a job that did not complete. @unit executor-seconds @default 0 */
  used?: number;
}

/** The job that an attempt was at. */
interface AttemptJob {
  request: NewJob;
  /** An earlier run may have said anything up to the recorded stage. */
  resumed: boolean;
}

/** Stores an attempt's end, and the receipt that tells the miner what it has earned. */
export async function conclude(
  tx: Transaction,
  attempt: Attempt,
  { report, outcome, cancel, by, used = 0 }: Leaving,
  { request, resumed }: AttemptJob,
  parts: RunParts,
): Promise<void> {
  const { attempts, delivery, incidents, receipts, events, keypair } = parts;
  const { miner_hotkey, uuid, job_uuid, started_at } = attempt;
  if (cancel !== undefined) await delivery.cancel(tx, miner_hotkey, uuid, cancel, by);
  const isCompleted = report.status === 'completed';
  const blocks = await settle(tx, attempt, request, isCompleted ? null : used, parts);
  const parties = { job_uuid: uuid, miner_hotkey, validator_hotkey: keypair.address };
  const score = isCompleted ? scoreOf(request) : scoreOfUsed(used);
  const payload = finishedReceipt(parties, started_at.getTime(), score, blocks);
  await delivery.put(tx, receipts.issue(tx, payload));
  const end = { ...attemptEndOf(report), ...(outcome && { outcome }) };
  await attempts.end(tx, attempt, end);
  // What it said while no validator listened may be lost: that is not the miner's doing.
  const isDoubtful = resumed && end.outcome === 'timed_out';
  if (!isDoubtful) await incidents.attemptEnded(tx, attempt, request.executor_class, end.outcome, report);
  if (miner_hotkey !== trustedMinerHotkey || parts.trustedEvents)
    events.recordIn(tx, jobEvent(report, { job_uuid, miner_hotkey }));
}

/**
 * Spends what was booked for a job, or gives it back. Other blocks pay for a job that took so long that its own are
 * another job's by now.
 *
 * @param used spends only so much; null: all of it. @unit executor-seconds
 * @returns the blocks that pay for it
 */
async function settle(
  tx: Transaction,
  { booking_id, miner_hotkey: minerHotkey, started_at: startedAt }: Attempt,
  request: NewJob,
  used: number | null,
  { allowance, logger }: RunParts,
): Promise<number[]> {
  if (booking_id === null) return [];
  if (used === 0) {
    await allowance.undo(tx, booking_id);
    return [];
  }
  const spent = await allowance.spend(tx, booking_id, used);
  if (spent) return spent;
  const { executor_class: executorClass } = request;
  const seconds = used ?? costOf(request);
  const others = await allowance.spendAnew(tx, { minerHotkey, executorClass, seconds, startedAt });
  if (!others)
    logger.warn(
      'What was booked for the job has expired, and there is nothing else to pay for it: its receipt names no blocks, so it counts for nobody.',
    );
  return others ?? [];
}
