import {
  DockerRunOptionsPreset,
  HordeFailureReason,
  JobFailureReason,
  JobParticipant,
  JobRejectionReason,
  JobStage,
  olderFailureReasons,
} from '../enums.ts';
import { ExecutorClass } from '../executor-classes.ts';
import type { JsonObject } from '../json/values.ts';
import { outputUploadClasses, type OutputUpload } from '../jobs/uploads.ts';
import { volumeClasses, type Volume } from '../jobs/volumes.ts';
import {
  AnyObject,
  Bool,
  Integer,
  OneOf,
  Part,
  Parts,
  readAlso,
  Text,
  TextMap,
  Texts,
  Tolerant,
  Variant,
} from '../messages/fields.ts';
import { MessageType } from '../messages/message.ts';
import { maxOutput, maxOutputCredit } from './output.ts';
import { JobStartedPayload, Receipt } from '../receipts/receipts.ts';

/** The certificate of a user who wants to connect to the running job, and the executor's address as the miner sees it. */
export class StreamingDetails {
  @Text({ max: 100_000 }) public_key!: string;
  @Text({ max: 255 }) executor_ip: string | null = null;
}

/** How long each stage may take; unused time carries over to the next stage. @unit seconds */
export class ExecutorTiming {
  @Integer() allowed_leeway!: number;
  @Integer() download_time_limit!: number;
  @Integer() execution_time_limit!: number;
  @Integer() upload_time_limit!: number;
  @Integer() streaming_start_time_limit!: number;
}

/** validator -> miner -> executor: reserve an executor and get it ready. */
export class InitialJobRequest {
  /** Over the whole object as sent; newer validators sign, older ones leave it out. */
  @Text({ max: 200 }) validator_signature: string | null = null;
  @MessageType('V0InitialJobRequest') message_type = 'V0InitialJobRequest' as const;
  @Text({ max: 100 }) job_uuid!: string;
  @OneOf(ExecutorClass) executor_class!: ExecutorClass;
  @Text({ max: 1024 }) docker_image: string | null = null;
  /** The single time limit of older validators; `executor_timing` replaces it. @unit seconds */
  @Integer() timeout_seconds: number | null = null;
  @Variant('volume_type', volumeClasses) volume: Volume | null = null;
  @Part(() => JobStartedPayload) job_started_receipt_payload!: JobStartedPayload;
  @Text({ max: 200 }) job_started_receipt_signature!: string;
  @Part(() => StreamingDetails) streaming_details: StreamingDetails | null = null;
  @Part(() => ExecutorTiming) executor_timing: ExecutorTiming | null = null;
}

/** validator -> miner -> executor: what to run, sent when the executor is ready. */
export class JobRequest {
  @Text({ max: 200 }) validator_signature: string | null = null;
  @MessageType('V0JobRequest') message_type = 'V0JobRequest' as const;
  @Text({ max: 100 }) job_uuid!: string;
  @OneOf(ExecutorClass) executor_class!: ExecutorClass;
  @Text({ max: 1024 }) docker_image!: string;
  @Text() raw_script: string | null = null;
  @OneOf(DockerRunOptionsPreset) docker_run_options_preset!: DockerRunOptionsPreset;
  @Texts() docker_run_cmd!: string[];
  @TextMap() env: Map<string, string> = new Map();
  /** null when it already came with the initial request. */
  @Variant('volume_type', volumeClasses) volume: Volume | null = null;
  @Variant('output_upload_type', outputUploadClasses) output_upload: OutputUpload | null = null;
  @Text({ max: 4096 }) artifacts_dir: string | null = null;
}

/** miner -> validator: an executor is reserved. */
export class AcceptJob {
  @MessageType('V0AcceptJobRequest') message_type = 'V0AcceptJobRequest' as const;
  @Text({ max: 100 }) job_uuid!: string;
}

/** miner -> validator: no. A busy miner proves it with the receipts of the jobs that keep it busy. */
export class DeclineJob {
  @MessageType('V0DeclineJobRequest') message_type = 'V0DeclineJobRequest' as const;
  @Text({ max: 100 }) job_uuid!: string;
  @Text({ max: 100_000 }) message = '';
  @Tolerant(JobRejectionReason) reason: JobRejectionReason = 'unknown';
  @Parts(() => Receipt) receipts: Receipt[] = [];
  @AnyObject() context: JsonObject | null = null;
}

/** executor -> miner -> validator: send me the job. */
export class ExecutorReady {
  @MessageType('V0ExecutorReadyRequest') message_type = 'V0ExecutorReadyRequest' as const;
  @Text({ max: 100 }) job_uuid!: string;
  @Text({ max: 200 }) executor_token: string | null = null;
}

/** executor -> miner -> validator: the job listens; the miner adds the address and its signature. */
export class StreamingJobReady {
  @MessageType('V0StreamingJobReadyRequest') message_type = 'V0StreamingJobReadyRequest' as const;
  @Text({ max: 100 }) job_uuid!: string;
  @Text({ max: 200 }) executor_token: string | null = null;
  /** The executor's TLS certificate, PEM. */
  @Text({ max: 100_000 }) public_key!: string;
  @Text({ max: 255 }) ip: string | null = null;
  @Integer({ min: 1, max: 65535 }) port!: number;
  @Text({ max: 200 }) miner_signature: string | null = null;
}

/** executor -> miner -> validator: the job's files are in place. */
export class VolumesReady {
  @MessageType('V0VolumesReadyRequest') message_type = 'V0VolumesReadyRequest' as const;
  @Text({ max: 100 }) job_uuid!: string;
}

/** executor -> miner -> validator: the container has ended with exit code 0. */
export class ExecutionDone {
  @MessageType('V0ExecutionDoneRequest') message_type = 'V0ExecutionDoneRequest' as const;
  @Text({ max: 100 }) job_uuid!: string;
}

/** executor -> miner -> validator: the results. */
export class JobFinished {
  @MessageType('V0JobFinishedRequest') message_type = 'V0JobFinishedRequest' as const;
  @Text({ max: 100 }) job_uuid!: string;
  @Text() docker_process_stdout!: string;
  @Text() docker_process_stderr!: string;
  /** Path in the container -> contents as base64. */
  @TextMap() artifacts: Map<string, string> | null = null;
  /** Path or archive name -> the HTTP answer as JSON text. */
  @TextMap() upload_results: Map<string, string> | null = null;
}

/** executor -> miner -> validator. The job itself failed: the user's image, data or time limit. */
export class JobFailed {
  @MessageType('V0JobFailedRequest') message_type = 'V0JobFailedRequest' as const;
  @Text({ max: 100 }) job_uuid!: string;
  /** Older executors call it `error_detail`, and leave it null; when both are present this one wins. */
  @readAlso('error_detail', { nullMeansDefault: true }) @Text() message = '';
  @readAlso('error_type') @Tolerant(JobFailureReason, olderFailureReasons) reason: JobFailureReason =
    'unknown';
  @Tolerant(JobStage) stage: JobStage = 'unknown';
  @Integer() docker_process_exit_status: number | null = null;
  @Text() docker_process_stdout: string | null = null;
  @Text() docker_process_stderr: string | null = null;
  @AnyObject() context: JsonObject | null = null;
}

/** executor -> miner -> validator. The network failed the job: not the user's fault. */
export class HordeFailed {
  @MessageType('V0HordeFailedRequest') message_type = 'V0HordeFailedRequest' as const;
  @Text({ max: 100 }) job_uuid!: string;
  @Tolerant(JobParticipant) reported_by!: JobParticipant;
  @Text() message!: string;
  @Tolerant(HordeFailureReason) reason!: HordeFailureReason;
  @AnyObject() context: JsonObject | null = null;
}

/** executor -> miner -> validator: the machine it ran on. */
export class MachineSpecs {
  @MessageType('V0MachineSpecsRequest') message_type = 'V0MachineSpecsRequest' as const;
  @Text({ max: 100 }) job_uuid!: string;
  /** `{"specs": {…}}`, nested twice. */
  @AnyObject() specs!: JsonObject;
}

/**
 * facilitator -> validator -> miner -> executor, only where `cancel-1` is spoken: end the job. The job's failure answers it; a job that
 * has ended stays as it is.
 */
export class CancelJob {
  @MessageType('V0CancelJobRequest') message_type = 'V0CancelJobRequest' as const;
  @Text({ max: 100 }) job_uuid!: string;
  /** Who wants it, as a part of a sentence for people: `the user`. */
  @Text({ max: 200 }) cancelled_by!: string;
  @Text({ max: 2_000 }) message: string | null = null;
}

/** The streams of a job's output. */
export const OutputStream = ['stdout', 'stderr'] as const;
export type OutputStream = (typeof OutputStream)[number];

/**
 * executor -> miner -> validator, only where `logs-1` is spoken: what a job prints, while it runs. It may get lost on its
 * way; the offsets tell where something is missing, and the job's result has all of it.
 */
export class JobOutput {
  @MessageType('V0JobOutput') message_type = 'V0JobOutput' as const;
  @Text({ max: 100 }) job_uuid!: string;
  @OneOf(OutputStream) stream!: OutputStream;
  /** How much of the stream the job had written before this. @unit bytes */
  @Integer({ min: 0 }) offset!: number;
  @Text({ max: 256 * 1024 }) text!: string;
}

/**
 * facilitator -> validator -> miner -> executor, only where `logs-2` is spoken: everything before `offset` is stored here;
 * send what follows, at most `credit` bytes of it.
 */
export class JobOutputRequest {
  @MessageType('V0JobOutputRequest') message_type = 'V0JobOutputRequest' as const;
  @Text({ max: 100 }) job_uuid!: string;
  @OneOf(OutputStream) stream!: OutputStream;
  /** How much of the stream need not be sent. @unit bytes */
  @Integer({ min: 0 }) offset!: number;
  /** @unit bytes */
  @Integer({ min: 0, max: maxOutputCredit }) credit!: number;
}

/** executor -> miner -> validator -> facilitator, only where `logs-2` is spoken: a part of what a job has printed. */
export class JobOutputChunk {
  @MessageType('V0JobOutputChunk') message_type = 'V0JobOutputChunk' as const;
  @Text({ max: 100 }) job_uuid!: string;
  @OneOf(OutputStream) stream!: OutputStream;
  /** Where it begins in its stream; above what was asked for where nobody has the bytes between. @unit bytes */
  @Integer({ min: 0, max: maxOutput }) offset!: number;
  /** base64. */
  @Text({ max: Math.ceil(maxOutputCredit / 3) * 4 }) data = '';
  /** Whether the stream ends behind it. */
  @Bool() end = false;
}

/** What is brought to an executor's machine: an image, or a part of the job's volume. */
export const TransferStage = ['pull', 'download'] as const;
export type TransferStage = (typeof TransferStage)[number];

/**
 * executor -> miner -> validator -> facilitator, only where `progress-1` is spoken: how far a transfer is. It may get lost
 * on its way; the next one tells all that counts.
 */
export class JobProgress {
  @MessageType('V0JobProgress') message_type = 'V0JobProgress' as const;
  @Text({ max: 100 }) job_uuid!: string;
  @OneOf(TransferStage) stage!: TransferStage;
  /** Tells the transfers of a stage apart, for people: the image, the path in the volume. Without secrets. */
  @Text({ max: 1024 }) name!: string;
  /** @unit bytes */
  @Integer({ min: 0 }) done!: number;
  /** null: not known. @unit bytes */
  @Integer({ min: 0 }) total: number | null = null;
}

/** executor -> miner, deprecated: read as a horde failure. */
export class ExecutorFailed {
  @MessageType('V0ExecutorFailedRequest') message_type = 'V0ExecutorFailedRequest' as const;
  @Text({ max: 100 }) job_uuid!: string;
  @Text({ max: 200 }) executor_token: string | null = null;
}

/** executor -> miner, deprecated: read as a job that failed to start its streaming. */
export class StreamingJobNotReady {
  @MessageType('V0StreamingJobNotReadyRequest') message_type = 'V0StreamingJobNotReadyRequest' as const;
  @Text({ max: 100 }) job_uuid!: string;
  @Text({ max: 200 }) executor_token: string | null = null;
}
