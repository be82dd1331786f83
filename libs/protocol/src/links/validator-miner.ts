import { ExecutorClass } from '../executor-classes.ts';
import { Integer, IntegerMap, OneOf, Text } from '../messages/fields.ts';
import { Direction, MessageType } from '../messages/message.ts';
import { JobAcceptedReceipt, JobFinishedReceipt } from '../receipts/receipts.ts';
import { GenericError } from './common.ts';
import * as job from './job-messages.ts';

/** validator -> miner: first on every connection. */
export class ValidatorAuth {
  @MessageType('ValidatorAuthForMiner') message_type = 'ValidatorAuthForMiner' as const;
  @Text({ max: 100 }) validator_hotkey!: string;
  @Text({ max: 100 }) miner_hotkey!: string;
  /** @unit seconds since 1970 */
  @Integer() timestamp!: number;
  @Text({ max: 200 }) signature!: string;
}

/** How far an authentication's time may be from the miner's clock. @unit seconds */
export const authTolerance = 10;

/** The text under `ValidatorAuth.signature`. */
export const validatorAuthText = (auth: {
  validator_hotkey: string;
  miner_hotkey: string;
  timestamp: number;
}): string => `${auth.validator_hotkey}:${auth.miner_hotkey}:${auth.timestamp}`;

/** miner -> validator: understood, never sent by current miners. */
export class UnauthorizedError {
  @MessageType('UnauthorizedError') message_type = 'UnauthorizedError' as const;
  @OneOf(['TOKEN_TOO_OLD', 'UNKNOWN_VALIDATOR', 'VALIDATOR_INACTIVE']) code!: string;
  @Text() details: string | null = null;
}

/** miner -> validator: how many executors of each class it offers. Sent after authentication. */
export class ExecutorManifest {
  @MessageType('V0ExecutorManifestRequest') message_type = 'V0ExecutorManifestRequest' as const;
  @IntegerMap(ExecutorClass) manifest!: Map<string, number>;
}

/** validator -> miner with null: which of your hotkeys is the main one? miner -> validator: this one. */
export class MainHotkey {
  @MessageType('V0MainHotkeyMessage') message_type = 'V0MainHotkeyMessage' as const;
  @Text({ max: 100 }) main_hotkey: string | null = null;
}

/** What a validator sends a miner. */
export const validatorToMiner = new Direction('validator', 'miner', [
  GenericError,
  ValidatorAuth,
  job.InitialJobRequest,
  job.JobRequest,
  job.CancelJob,
  job.JobOutputRequest,
  JobAcceptedReceipt,
  JobFinishedReceipt,
  MainHotkey,
]);

/** What a miner sends a validator. */
export const minerToValidator = new Direction('miner', 'validator', [
  GenericError,
  UnauthorizedError,
  ExecutorManifest,
  MainHotkey,
  job.DeclineJob,
  job.AcceptJob,
  job.ExecutorFailed,
  job.StreamingJobNotReady,
  job.ExecutorReady,
  job.StreamingJobReady,
  job.JobFailed,
  job.VolumesReady,
  job.ExecutionDone,
  job.JobOutput,
  job.JobOutputChunk,
  job.JobProgress,
  job.JobFinished,
  job.MachineSpecs,
  job.HordeFailed,
]);

/** The path a validator connects to. */
export const validatorPath = (validatorHotkey: string): string =>
  `/v0.1/validator_interface/${validatorHotkey}`;
