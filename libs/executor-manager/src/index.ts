export { BaseExecutorManager, NoFreeSlot, HostUnreachable, type Place } from './base-executor-manager.ts';
export type { ExecutorManagerContext } from './context.ts';
export { bridgeGateway } from './docker/bridge-gateway.ts';
export {
  DockerExecutorManager,
  type DockerExecutorManagerOptions,
} from './docker/docker-executor-manager.ts';
export {
  editServersFile,
  withoutServer,
  withServer,
  withSetting,
  type ServerSettings,
} from './docker/edit-servers-file.ts';
export { checkGivesOwnGpus, executorName, labels, portIsTaken } from './docker/executor-container.ts';
export { lookAtHost, visitHost, type LookedAtHost, type VisitedHost } from './docker/look-at-host.ts';
export { withPorts } from './docker/servers.ts';
export { parseServers, readServers, type ServerSpec, ServersFileError } from './docker/servers-file.ts';
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
export { HostKeyRefused, type KnownHostsOptions } from './ssh/known-hosts.ts';
export { generateSshKey, publicSshKey } from './ssh/ssh-key.ts';
export type { SshTarget } from './ssh/ssh-link.ts';
export { isPublic, PublicAddress, type PublicAddressOptions } from './public-address.ts';
export { parseStreamingPorts, type StreamingPort } from './streaming-ports.ts';
