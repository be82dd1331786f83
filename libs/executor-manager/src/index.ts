export { BaseExecutorManager, NoFreeSlot, HostUnreachable, type Place } from './base-executor-manager.ts';
export type { ExecutorManagerContext } from './context.ts';
export { bridgeGateway } from './docker/bridge-gateway.ts';
export {
  DockerExecutorManager,
  type DockerExecutorManagerOptions,
} from './docker/docker-executor-manager.ts';
export { checkGivesOwnGpus, executorName } from './docker/executor-container.ts';
export { lookAtHost, type LookedAtHost } from './docker/look-at-host.ts';
export { readServers, type ServerSpec, ServersFileError } from './docker/servers-file.ts';
export {
  publicStreamingPort,
  type ExecutorHandle,
  type ExecutorHost,
  type ExecutorManager,
  type ExitStatus,
  type JobImage,
  type JobImages,
  type JobImagesPolicy,
  type Manifest,
  type PreparedImage,
  type RunningExecutor,
  type StartExecutor,
} from './executor-manager.ts';
export {
  ProcessExecutorManager,
  type ProcessExecutorManagerOptions,
} from './process/process-executor-manager.ts';
export type { KnownHostsOptions } from './ssh/known-hosts.ts';
export { isPublic, PublicAddress, type PublicAddressOptions } from './public-address.ts';
export { parseStreamingPorts, type StreamingPort } from './streaming-ports.ts';
