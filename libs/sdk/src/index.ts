export { HordeClient, type HordeClientOptions, type JobPageOptions } from './client.ts';
export { HordeClientError, type ClientErrorCode } from './client-error.ts';
export {
  Job,
  type JobError,
  type JobResult,
  type StatusEntry,
  type UploadResult,
  type WaitOptions,
} from './job.ts';
export type { StatusMetadata } from './job-resource.ts';
export type { CreateOptions, JobSpec } from './job-spec.ts';
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
