export type {
  ExecutorHandle,
  ExecutorManager,
  ExitStatus,
  Manifest,
  StartExecutor,
} from './executor-manager.ts';
export {
  ProcessExecutorManager,
  type ProcessExecutorManagerOptions,
} from './process/process-executor-manager.ts';
