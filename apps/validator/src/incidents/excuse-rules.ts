import {
  JobStartedPayload,
  wireTimeToMicros,
  type ExecutorClass,
  type ReceiptPayload,
  type WireTime,
} from '@horde/protocol';

/** The receipts of this validator excuse whatever its stake: ComputeHorde names it in its code. */
export const networksOwnHotkey = '5HBVrFGy6oYhhh71m9fFGYD7zbKyAeHnWN8i8s9fJTBMCtEE';
/** So long after its time-to-live a receipt still excuses. @unit seconds */
export const excuseLeeway = 2;

/** A miner said that it is busy. */
export interface BusyDecline {
  jobUuid: string;
  minerHotkey: string;
  executorClass: ExecutorClass;
  /** The time of the declined job's started receipt. */
  askedAt: WireTime;
}

/**
 * Whether a receipt tells of another job that keeps an executor of the class busy at the time, as ComputeHorde's
 * validator judges; its signature is not looked at.
 *
 * @param validators whose receipts excuse
 */
export function countsAsExcuse(
  payload: ReceiptPayload,
  decline: BusyDecline,
  validators: ReadonlySet<string>,
): boolean {
  if (!(payload instanceof JobStartedPayload)) return false;
  const [at, askedAt] = [payload.timestamp, decline.askedAt].map(wireTimeToMicros) as [number, number];
  return (
    payload.miner_hotkey === decline.minerHotkey &&
    payload.job_uuid !== decline.jobUuid &&
    payload.executor_class === decline.executorClass &&
    validators.has(payload.validator_hotkey) &&
    at < askedAt &&
    askedAt < at + (payload.ttl + excuseLeeway) * 1e6
  );
}
