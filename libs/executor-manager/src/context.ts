import type { DockerExecutorManagerOptions } from './docker/docker-executor-manager.ts';
import type { ProcessExecutorManagerOptions } from './process/process-executor-manager.ts';

/** What an executor manager of an operator's own is made with: what the miner's settings say. */
export interface ExecutorManagerContext {
  /** For one that extends `ProcessExecutorManager`. */
  process: ProcessExecutorManagerOptions;
  /** For one that extends `DockerExecutorManager`. */
  docker: DockerExecutorManagerOptions;
  /** Tells the miner's log. */
  log: (sentence: string) => void;
}
