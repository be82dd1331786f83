import { randomUUID } from 'node:crypto';
import { Keypair } from '@horde/identity';
import {
  InitialJobRequest,
  JobAcceptedPayload,
  JobAcceptedReceipt,
  JobFinishedPayload,
  JobFinishedReceipt,
  JobRequest,
  JobStartedPayload,
  make,
  receiptText,
  toJson,
  ValidatorAuth,
  validatorAuthText,
  validatorSignatureText,
  wireTimeNow,
  type ExecutorClass,
  type WireTime,
} from '@horde/protocol';

/** A validator with a key that is made up for one self-test: what it says and signs. */
export class TestValidator {
  readonly keypair = Keypair.generate();

  /** @param miner the hotkey of the miner that is tested */
  constructor(readonly miner: string) {}

  get hotkey(): string {
    return this.keypair.address;
  }

  auth(): ValidatorAuth {
    const who = {
      validator_hotkey: this.hotkey,
      miner_hotkey: this.miner,
      timestamp: Math.floor(Date.now() / 1000),
    };
    return make(ValidatorAuth, { ...who, signature: this.keypair.signHex(validatorAuthText(who)) });
  }

  /** Asks for an executor. Not organic: nobody pays for the job, and it excuses nothing. */
  initial(
    executorClass: ExecutorClass,
    request: Pick<InitialJobRequest, 'docker_image' | 'executor_timing' | 'streaming_details'>,
  ): InitialJobRequest {
    const job_uuid = randomUUID();
    const payload = make(JobStartedPayload, {
      ...this.common(job_uuid),
      executor_class: executorClass,
      is_organic: false,
      ttl: 7,
    });
    return this.signed(
      make(InitialJobRequest, {
        ...request,
        job_uuid,
        executor_class: executorClass,
        job_started_receipt_payload: payload,
        job_started_receipt_signature: this.keypair.signHex(receiptText(payload)),
      }),
    );
  }

  /** @param ttl how long the job may take. @unit seconds */
  accepted(job_uuid: string, ttl: number): JobAcceptedReceipt {
    const payload = make(JobAcceptedPayload, {
      ...this.common(job_uuid),
      time_accepted: wireTimeNow(),
      ttl,
    });
    return make(JobAcceptedReceipt, { payload, signature: this.keypair.signHex(receiptText(payload)) });
  }

  payload(request: Omit<JobRequest, 'message_type' | 'validator_signature'>): JobRequest {
    return this.signed(make(JobRequest, request));
  }

  /** Ends the job for this validator; it pays nothing. @param tookMs how long it took */
  finished(job_uuid: string, startedAt: WireTime, tookMs: number): JobFinishedReceipt {
    const payload = make(JobFinishedPayload, {
      ...this.common(job_uuid),
      time_started: startedAt,
      time_took_us: Math.round(tookMs * 1000),
      score_str: '0.000000',
    });
    return make(JobFinishedReceipt, { payload, signature: this.keypair.signHex(receiptText(payload)) });
  }

  private common(job_uuid: string) {
    return {
      job_uuid,
      miner_hotkey: this.miner,
      validator_hotkey: this.hotkey,
      timestamp: wireTimeNow(),
    };
  }

  private signed<M extends InitialJobRequest | JobRequest>(message: M): M {
    message.validator_signature = this.keypair.signHex(validatorSignatureText(toJson(message)));
    return message;
  }
}
