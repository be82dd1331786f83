/** What EXECUTOR_MANAGER_CLASS_PATH may hold. Both start executors as processes of the miner's machine. */
export const executorManagerNames = [
  'process',
  'compute_horde_miner.miner.executor_manager.v1:DevExecutorManager',
];
