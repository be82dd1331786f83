export {
  ensureHotkey,
  IdentityError,
  Keypair,
  readHotkey,
  walletHotkeyPath,
  type ReadHotkeyOptions,
  type Signable,
  type WalletNames,
} from '@horde/identity';
export type { Certificate } from '@horde/network';
export type { ExecutorClass, JobStatus } from '@horde/protocol';
export { HordeClient, type HordeClientOptions, type JobPage, type JobPageOptions } from './client.ts';
export { HordeClientError, type ClientErrorCode } from './client-error.ts';
export { crossValidate, type CrossCheck, type CrossValidation } from './cross-validate.ts';
export type { JobAttempt, JobDescription, MinerChoice, MinerVerdict } from './description.ts';
export type { DryRun } from './dry-run.ts';
export type { EventOptions } from './events/follow-job.ts';
export type {
  EndEvent,
  GapEvent,
  JobEvent,
  OutputEvent,
  OutputStream,
  ProgressEvent,
  StatusEvent,
  WaitEvent,
} from './events/job-event.ts';
export { FallbackClient, type FallbackRunOptions } from './fallback/fallback-client.ts';
export type { FallbackCloud, FallbackStatus, FallbackTask, Forwarding } from './fallback/fallback-cloud.ts';
export type { FallbackJob, FallbackPlace } from './fallback/fallback-job.ts';
export type { FallbackJobOptions } from './fallback/fallback-task.ts';
export { SkyCloud, type SkyOptions } from './fallback/sky-cloud.ts';
export { folderVolume, type FolderLimits } from './folders/folder-volume.ts';
export { saveArtifacts, saveResult } from './folders/save-result.ts';
export type { SavedFiles } from './folders/write-below.ts';
export type { JobFilters } from './job-filters.ts';
export type { ListOptions } from './job-lists.ts';
export { Job, type SavedJob, type StatusEntry, type WaitOptions } from './job.ts';
export type { JobError, JobResult, UploadResult } from './job-result.ts';
export type { StatusMetadata } from './job-resource.ts';
export type { CreateOptions, JobSpec } from './job-spec.ts';
export type { RunOptions } from './run-until-complete.ts';
export type { StreamingPlace, StreamingRequest, StreamingTls } from './streaming/streaming-place.ts';
export type { ListedValidator } from './validators.ts';
export {
  httpUpload,
  httpVolume,
  huggingfaceVolume,
  inlineVolume,
  zipUrlVolume,
  zipVolume,
  type HttpUploadOptions,
  type HuggingfaceOptions,
  type InputVolume,
  type OutputVolume,
} from './volumes.ts';
