import {
  HordeFailureReason,
  JobFailureReason,
  JobParticipant,
  JobRejectionReason,
  JobStage,
  JobStatus,
} from '../enums.ts';
import { ExecutorClass } from '../executor-classes.ts';
import type { JsonObject, JsonValue } from '../json/values.ts';
import { outputUploadClasses, type OutputUpload } from '../jobs/uploads.ts';
import { volumeClasses, type Volume } from '../jobs/volumes.ts';
import {
  AnyObject,
  BigInteger,
  Bool,
  closed,
  Integer,
  Json,
  OneOf,
  Part,
  Text,
  TextMap,
  Texts,
  Time,
  Tolerant,
  Variant,
} from '../messages/fields.ts';
import { Direction, MessageType } from '../messages/message.ts';
import {
  CancelJob,
  JobOutputChunk,
  JobOutputRequest,
  JobProgress,
  StreamingDetails,
} from './job-messages.ts';
import {
  DescribeJobRequest,
  DryRunRequest,
  DryRunResponse,
  JobDescription,
  QuestionRefused,
} from './questions.ts';

/**
 * A user's signature over a request, as the facilitator passes it on. An incomplete one is read, as the Python peers
 * do, so that its job is rejected with a reason instead of vanishing with its frame.
 */
@closed
export class RequestSignature {
  @Text({ max: 100 }) signature_type = '';
  /** The signer's hotkey. */
  @Text({ max: 100 }) signatory = '';
  @BigInteger() timestamp_ns = 0n;
  /** base64. */
  @Text({ max: 200 }) signature!: string;
  @OneOf(['SignedFields', 'FullRequest']) signature_scope: 'SignedFields' | 'FullRequest' = 'SignedFields';
}

/** facilitator -> validator: a user's job. */
@closed
export class NewJob {
  @Part(() => RequestSignature) signature: RequestSignature | null = null;
  @OneOf(['job.new']) type = 'job.new' as const;
  @MessageType('V2JobRequest') message_type = 'V2JobRequest' as const;
  @Text({ max: 100 }) uuid!: string;
  @Text({ max: 1024 }) job_namespace: string | null = null;
  @OneOf(ExecutorClass) executor_class!: ExecutorClass;
  @Text({ max: 1024 }) docker_image!: string;
  @Texts() args!: string[];
  @TextMap() env!: Map<string, string>;
  @Bool() use_gpu = true;
  @Variant('volume_type', volumeClasses) volume: Volume | null = null;
  @Variant('output_upload_type', outputUploadClasses) output_upload: OutputUpload | null = null;
  @Text({ max: 4096 }) artifacts_dir: string | null = null;
  @Bool() on_trusted_miner = false;
  /** Time limits. @unit seconds */
  @Integer() download_time_limit!: number;
  @Integer() execution_time_limit!: number;
  @Integer() upload_time_limit!: number;
  @Integer() streaming_start_time_limit!: number;
  @Part(() => StreamingDetails) streaming_details: StreamingDetails | null = null;
}

/** facilitator -> validator: a user says that a miner returned a wrong result. */
@closed
export class JobCheated {
  @Part(() => RequestSignature) signature: RequestSignature | null = null;
  @OneOf(['job.cheated']) type = 'job.cheated' as const;
  @MessageType('V0JobCheated') message_type = 'V0JobCheated' as const;
  @Text({ max: 100 }) job_uuid!: string;
  /** Empty when the facilitator is of the oldest generation, which names the cheated job only. */
  @Text({ max: 100 }) trusted_job_uuid = '';
  @Json() details: JsonValue = null;
}

/** validator -> facilitator: who I am; the signature is over the 32 bytes of the public key. */
@closed
export class ValidatorLogin {
  @MessageType('V0AuthenticationRequest') message_type = 'V0AuthenticationRequest' as const;
  /** 64 hexadecimal digits, without 0x. */
  @Text({ max: 200 }) public_key!: string;
  @Text({ max: 200 }) signature!: string;
}

/**
 * validator -> facilitator, only where `login-1` is spoken, instead of `V0AuthenticationRequest`, which is the same for ever
 * and for every facilitator: who I am, here and now. The signature is over `freshLoginText`.
 */
@closed
export class FreshLogin {
  @MessageType('V0FreshLogin') message_type = 'V0FreshLogin' as const;
  @Text({ max: 100 }) hotkey!: string;
  /** The facilitator's host, with its port unless that is its scheme's, as the validator was told of it. */
  @Text({ max: 300 }) facilitator!: string;
  @BigInteger() timestamp_ns!: bigint;
  /** 128 hexadecimal digits behind 0x. */
  @Text({ max: 200 }) signature!: string;
}

/** How far a fresh login's time may be from the facilitator's clock. @unit seconds */
export const loginTolerance = 60;

/** What a validator signs to log in with `login-1`. */
export const freshLoginText = ({
  hotkey,
  facilitator,
  timestamp_ns,
}: Pick<FreshLogin, 'hotkey' | 'facilitator' | 'timestamp_ns'>): string =>
  `login-1\n${hotkey}\n${facilitator}\n${timestamp_ns}`;

/** validator -> facilitator, once a minute: I am alive. */
@closed
export class Heartbeat {
  @MessageType('V0Heartbeat') message_type = 'V0Heartbeat' as const;
}

export class MinerResponse {
  @Text() docker_process_stderr!: string;
  @Text() docker_process_stdout!: string;
  @TextMap() artifacts: Map<string, string> | null = null;
  @TextMap() upload_results: Map<string, string> | null = null;
}

export class RejectionDetails {
  @Tolerant(JobParticipant) rejected_by!: JobParticipant;
  @Tolerant(JobRejectionReason) reason!: JobRejectionReason;
  @Text() message!: string;
  @AnyObject() context: JsonObject | null = null;
}

export class FailureDetails {
  @Tolerant(JobFailureReason) reason!: JobFailureReason;
  @Tolerant(JobStage) stage!: JobStage;
  @Text() message!: string;
  @AnyObject() context: JsonObject | null = null;
  @Integer() docker_process_exit_status: number | null = null;
  @Text() docker_process_stdout: string | null = null;
  @Text() docker_process_stderr: string | null = null;
}

export class HordeFailureDetails {
  @Tolerant(JobParticipant) reported_by!: JobParticipant;
  @Tolerant(HordeFailureReason) reason!: HordeFailureReason;
  @Text() message!: string;
  @AnyObject() context: JsonObject | null = null;
}

@closed
export class StreamingServerDetails {
  @Text({ max: 100_000 }) streaming_server_cert: string | null = null;
  @Text({ max: 255 }) streaming_server_address: string | null = null;
  @Integer() streaming_server_port: number | null = null;
}

/** What a status update tells beyond the status: at most one of these is set. */
export class StatusMetadata {
  @Part(() => MinerResponse) miner_response: MinerResponse | null = null;
  @Part(() => RejectionDetails) job_rejection_details: RejectionDetails | null = null;
  @Part(() => FailureDetails) job_failure_details: FailureDetails | null = null;
  @Part(() => HordeFailureDetails) horde_failure_details: HordeFailureDetails | null = null;
  @Part(() => StreamingServerDetails) streaming_details: StreamingServerDetails | null = null;
}

/** validator -> facilitator: how far the job is. Answered by a Response, in order. */
@closed
export class JobStatusUpdate {
  @MessageType('V0JobStatusUpdate') message_type = 'V0JobStatusUpdate' as const;
  @Text({ max: 100 }) uuid!: string;
  @Tolerant(JobStatus) status!: JobStatus;
  @Part(() => StatusMetadata) metadata: StatusMetadata | null = null;
}

/** validator -> facilitator, only where `progress-1` is spoken: what a job waits for. It is not answered. */
@closed
export class JobWait {
  @MessageType('V0JobWait') message_type = 'V0JobWait' as const;
  @Text({ max: 100 }) job_uuid!: string;
  /** A sentence for its user; null: it waits no longer. */
  @Text({ max: 4096 }) waits_for: string | null = null;
  @Time() since: string | null = null;
  /** null: not known. */
  @Time() until: string | null = null;
}

/** validator -> facilitator: an executor's machine. */
@closed
export class MachineSpecsUpdate {
  @MessageType('V0MachineSpecsUpdate') message_type = 'V0MachineSpecsUpdate' as const;
  @Text({ max: 100 }) miner_hotkey!: string;
  @Text({ max: 100 }) validator_hotkey!: string;
  @AnyObject() specs!: JsonObject;
  @Text({ max: 200 }) batch_id!: string;
}

/** facilitator -> validator: the answer to a login or a status update. It has no `message_type`. */
@closed
export class Response {
  @OneOf(['success', 'error']) status!: 'success' | 'error';
  /** Each `{msg, type, help}`, further keys allowed. */
  @Json() errors: JsonValue = [];
}

/** What a facilitator sends a validator, except for `Response`. */
export const facilitatorToValidator = new Direction('facilitator', 'validator', [
  NewJob,
  JobCheated,
  CancelJob,
  DryRunRequest,
  DescribeJobRequest,
  JobOutputRequest,
]);

/** What a validator sends a facilitator. */
export const validatorToFacilitator = new Direction('validator', 'facilitator', [
  ValidatorLogin,
  FreshLogin,
  Heartbeat,
  JobStatusUpdate,
  MachineSpecsUpdate,
  JobProgress,
  JobWait,
  DryRunResponse,
  JobDescription,
  QuestionRefused,
  JobOutputChunk,
]);

/** The path a validator connects to. */
export const facilitatorPath = '/ws/v0/';
