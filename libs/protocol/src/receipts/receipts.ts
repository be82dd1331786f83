import { ExecutorClass } from '../executor-classes.ts';
import { Bool, Integer, Integers, OneOf, Part, Text, Time, Variant } from '../messages/fields.ts';
import { MessageType } from '../messages/message.ts';
import { toJson } from '../messages/write.ts';
import { writePythonSorted } from '../json/write.ts';
import type { WireTime } from '../datetime.ts';

/** The longest time-to-live of a receipt: 30 days. @unit seconds */
const longestTtl = 2_592_000;
/** The longest job a receipt may tell of: 365 days. @unit microseconds */
const longestJob = 31_536_000_000_000;

/** A validator asked a miner for an executor. */
export class JobStartedPayload {
  @Text({ max: 100 }) job_uuid!: string;
  @Text({ max: 100 }) miner_hotkey!: string;
  @Text({ max: 100 }) validator_hotkey!: string;
  @Time() timestamp!: WireTime;
  @OneOf(['JobStartedReceipt']) receipt_type = 'JobStartedReceipt' as const;
  @OneOf(ExecutorClass) executor_class!: ExecutorClass;
  @Bool() is_organic!: boolean;
  /** @unit seconds */
  @Integer({ min: 0, max: longestTtl }) ttl!: number;
}

/** A miner accepted the job and has reserved an executor for it. */
export class JobAcceptedPayload {
  @Text({ max: 100 }) job_uuid!: string;
  @Text({ max: 100 }) miner_hotkey!: string;
  @Text({ max: 100 }) validator_hotkey!: string;
  @Time() timestamp!: WireTime;
  @OneOf(['JobAcceptedReceipt']) receipt_type = 'JobAcceptedReceipt' as const;
  @Time() time_accepted!: WireTime;
  /** @unit seconds */
  @Integer({ min: 0, max: longestTtl }) ttl!: number;
}

/** The job ended; a score above 0 is what the miner earned. */
export class JobFinishedPayload {
  @Text({ max: 100 }) job_uuid!: string;
  @Text({ max: 100 }) miner_hotkey!: string;
  @Text({ max: 100 }) validator_hotkey!: string;
  @Time() timestamp!: WireTime;
  @OneOf(['JobFinishedReceipt']) receipt_type = 'JobFinishedReceipt' as const;
  @Time() time_started!: WireTime;
  @Integer({ min: 0, max: longestJob }) time_took_us!: number;
  /** Executor-seconds with six decimals. */
  @Text({ max: 256 }) score_str!: string;
  /** The blocks whose allowance paid for the job. */
  @Integers({ max: 10_000 }) block_numbers: number[] = [];
}

export type ReceiptPayload = JobStartedPayload | JobAcceptedPayload | JobFinishedPayload;

export const receiptPayloadClasses = () => [JobStartedPayload, JobAcceptedPayload, JobFinishedPayload];

/** A payload that both sides have signed: proof of what was done. */
export class Receipt {
  @Variant('receipt_type', receiptPayloadClasses) payload!: ReceiptPayload;
  @Text({ max: 200 }) validator_signature!: string;
  @Text({ max: 200 }) miner_signature!: string;
}

/** validator -> miner: the signed proof that it accepted the miner's acceptance. */
export class JobAcceptedReceipt {
  @MessageType('V0JobAcceptedReceiptRequest') message_type = 'V0JobAcceptedReceiptRequest' as const;
  @Part(() => JobAcceptedPayload) payload!: JobAcceptedPayload;
  @Text({ max: 200 }) signature!: string;
}

/** validator -> miner: the signed proof of how the job ended. */
export class JobFinishedReceipt {
  @MessageType('V0JobFinishedReceiptRequest') message_type = 'V0JobFinishedReceiptRequest' as const;
  @Part(() => JobFinishedPayload) payload!: JobFinishedPayload;
  @Text({ max: 200 }) signature!: string;
}

/** The text that validator and miner sign: the payload as Python's `json.dumps(…, sort_keys=True)`. */
export const receiptText = (payload: ReceiptPayload): string => writePythonSorted(toJson(payload));
