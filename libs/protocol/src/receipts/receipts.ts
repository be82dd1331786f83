import { ExecutorClass } from '../executor-classes.ts';
import { Bool, Integer, Integers, keepAbsent, OneOf, Part, Text, Time, Variant } from '../messages/fields.ts';
import { Matching } from '../messages/rules.ts';
import { MessageType } from '../messages/message.ts';
import { toJson } from '../messages/write.ts';
import { writePythonSorted } from '../json/write.ts';
import type { JsonObject } from '../json/values.ts';
import type { WireTime } from '../datetime.ts';
import { canonicalUuid } from '../uuid.ts';

/*
 * The bounds are those of ComputeHorde's newest packages, which skip a receipt outside of them; in an older
 * validator such a receipt can stop the whole transfer.
 */

/** The longest time-to-live of a receipt: 30 days. @unit seconds */
const maxTtl = 2_592_000;
/** The longest job a receipt may tell of: 365 days. @unit microseconds */
const maxJobTime = 31_536_000_000_000;
const highestBlock = 2 ** 32;

const JobUuid = Matching(canonicalUuid, 'must be a UUID in lower case with hyphens');
/** The year counts in the time's own offset. */
const ThisCentury = Matching(/^20/, 'must be in the years 2000 to 2099');
const Score = Matching(/^[0-9]+(\.[0-9]+)?$/, 'must be a plain decimal number');

/** A validator asked a miner for an executor. */
export class JobStartedPayload {
  @JobUuid @Text({ max: 100 }) job_uuid!: string;
  @Text({ max: 100 }) miner_hotkey!: string;
  @Text({ max: 100 }) validator_hotkey!: string;
  @ThisCentury @Time() timestamp!: WireTime;
  @OneOf(['JobStartedReceipt']) receipt_type = 'JobStartedReceipt' as const;
  @OneOf(ExecutorClass) executor_class!: ExecutorClass;
  @Bool() is_organic!: boolean;
  /** @unit seconds */
  @Integer({ min: 0, max: maxTtl }) ttl!: number;
}

/** A miner accepted the job and has reserved an executor for it. */
export class JobAcceptedPayload {
  @JobUuid @Text({ max: 100 }) job_uuid!: string;
  @Text({ max: 100 }) miner_hotkey!: string;
  @Text({ max: 100 }) validator_hotkey!: string;
  @ThisCentury @Time() timestamp!: WireTime;
  @OneOf(['JobAcceptedReceipt']) receipt_type = 'JobAcceptedReceipt' as const;
  @ThisCentury @Time() time_accepted!: WireTime;
  /** @unit seconds */
  @Integer({ min: 0, max: maxTtl }) ttl!: number;
}

/** The job ended; a score above 0 is what the miner earned. */
export class JobFinishedPayload {
  @JobUuid @Text({ max: 100 }) job_uuid!: string;
  @Text({ max: 100 }) miner_hotkey!: string;
  @Text({ max: 100 }) validator_hotkey!: string;
  @ThisCentury @Time() timestamp!: WireTime;
  @OneOf(['JobFinishedReceipt']) receipt_type = 'JobFinishedReceipt' as const;
  @ThisCentury @Time() time_started!: WireTime;
  @Integer({ min: 0, max: maxJobTime }) time_took_us!: number;
  /** Executor-seconds with six decimals. */
  @Score @Text({ max: 256 }) score_str!: string;
  /**
   * The blocks whose allowance paid for the job. Undefined: the validator is of the oldest generation, which has no
   * such field; the receipt then stays without it, since that is what was signed.
   */
  @keepAbsent @Integers({ maxItems: 10_000, min: 0, max: highestBlock }) block_numbers: number[] | undefined =
    [];
}

export type ReceiptPayload = JobStartedPayload | JobAcceptedPayload | JobFinishedPayload;

export const receiptPayloadClasses = () => [JobStartedPayload, JobAcceptedPayload, JobFinishedPayload];

/** A payload that both sides have signed: proof of what was done. A line of a receipts page is one of these. */
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

/**
 * The texts that a signature of a fetched receipt may be over. They are two for a JobFinished without
 * `block_numbers`: the oldest validators sign it as it is, while newer ones read it with an empty list.
 */
export function receiptTexts(payload: ReceiptPayload): string[] {
  const json = toJson(payload);
  if (!(payload instanceof JobFinishedPayload) || json.has('block_numbers')) return [writePythonSorted(json)];
  const filled: JsonObject = new Map([...json, ['block_numbers', []]]);
  return [writePythonSorted(json), writePythonSorted(filled)];
}
