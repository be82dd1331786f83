export { readArtifacts } from './artifacts.ts';
export { staticBusybox } from './docker/busybox.ts';
export { jobProfile } from './docker/container-options.ts';
export { type ContainerLimits } from './docker/limits.ts';
export { DefaultJobRunner, type DefaultJobRunnerOptions } from './docker/default-job-runner.ts';
export { statusOf } from './docker/engine.ts';
export { engineSays } from './docker/engine-says.ts';
export { type ImageOptions, throwOnError } from './docker/images.ts';
export { type LeftoverOptions, removeLeftovers } from './docker/leftovers.ts';
export { ownContainer } from './docker/own-container.ts';
export { ownerLabels, ownerOn, processOwner } from './docker/owner.ts';
export { type ImageProgress } from './docker/pull-progress.ts';
export { isMarked, markPulled, noteUse } from './docker/pulled-mark.ts';
export { toolsImage } from './docker/tools-image.ts';
export { JobFailure } from './failures.ts';
export { makeJobFolders, removeJobFolders } from './folders.ts';
export {
  guardedHttp,
  RequestRefused,
  type HttpRequest,
  type HttpResponse,
  type HttpRules,
  type HttpSend,
} from './http/client.ts';
export {
  checkGpus,
  checkNvidia,
  checkToolkit,
  checkToolkitOf,
  oldestToolkit,
  toolkitFolder,
} from './preflight/nvidia.ts';
export { hasWarnings, runNvidiaSmi, warningOf } from './preflight/nvidia-smi.ts';
export { runTool } from './preflight/run-tool.ts';
export { SecurityCheckFailed } from './preflight/security-check-failed.ts';
export { securityPreflight } from './preflight/security-preflight.ts';
export { ProcessJobRunner } from './process/process-job-runner.ts';
export type {
  Ending,
  JobFolders,
  JobRunner,
  JobSpec,
  RunOptions,
  StoredOutput,
  StreamingDoor,
  StreamingRequest,
} from './runner.ts';
export { runStreamingProxy } from './streaming/proxy-process.ts';
export { uploadOutput, type UploadOutputOptions } from './uploads/upload-output.ts';
export { downloadVolume, type DownloadVolumeOptions } from './volumes/download-volume.ts';
