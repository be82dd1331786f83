export { readArtifacts } from './artifacts.ts';
export { type ContainerLimits } from './docker/container-options.ts';
export { DockerJobRunner, type DockerJobRunnerOptions } from './docker/docker-job-runner.ts';
export { engineSays, throwOnError } from './docker/images.ts';
export { processOwner } from './docker/owner.ts';
export { ImageUnavailable, JobFailure } from './failures.ts';
export { makeJobFolders, removeJobFolders } from './folders.ts';
export {
  guardedHttp,
  RequestRefused,
  type HttpRequest,
  type HttpResponse,
  type HttpRules,
  type HttpSend,
} from './http/client.ts';
export { ProcessJobRunner } from './process/process-job-runner.ts';
export type { Ending, JobFolders, JobRunner, JobSpec, RunOptions } from './runner.ts';
export { uploadOutput, type UploadOutputOptions } from './uploads/upload-output.ts';
export { downloadVolume, type DownloadVolumeOptions } from './volumes/download-volume.ts';
