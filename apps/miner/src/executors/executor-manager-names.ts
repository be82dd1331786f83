/** What EXECUTOR_MANAGER_CLASS_PATH may hold. */
export const executorManagerRule = {
  pattern: /^(docker|process|[^:]+:[A-Za-z_$][\w$]*)$/,
  sentence: 'it must be docker, process or module:Class',
};

const computeHordes = /^compute_horde_miner\.[\w.]+:(?<name>\w+)$/;

/**
 * What a name of a manager means; ComputeHorde's paths of its own managers mean ours that do the same.
 *
 * @returns null for one of ComputeHorde's that there is none of ours for
 */
export function managerKind(name: string): 'docker' | 'process' | 'custom' | null {
  if (name === 'docker' || name === 'process') return name;
  const known = computeHordes.exec(name)?.groups?.['name'];
  if (known === undefined) return 'custom';
  return known === 'DockerExecutorManager' ? 'docker' : known === 'DevExecutorManager' ? 'process' : null;
}
