import { existsSync } from 'node:fs';
import path from 'node:path';
import { createLogger } from '@horde/operations';
import { fail, ok, fullReasonOf, warn, type Finding } from '@horde/commands';
import { customManagerClass } from '../executors/custom-executor-manager.ts';
import { makeExecutorManager } from '../executors/make-executor-manager.ts';
import type { MinerSettings } from '../settings.ts';
import type { ExecutorPlaces } from './servers.ts';

/** Looks at whether the machines of the executors can be reached. */
export async function checkExecutors(
  settings: MinerSettings,
  environment: Record<string, string | undefined>,
  { kind, wanted }: ExecutorPlaces,
): Promise<Finding[]> {
  const check = 'executors';
  if (kind === 'custom') return [await checkCustomManager(settings)];
  const all = [...wanted].map(([name, count]) => `${count} of ${name}`).join(', ');
  if (kind === 'process') return [ok(check, `${all}, as processes of this machine.`)];
  const told: string[] = [];
  const write = (line: string) => void told.push((JSON.parse(line) as { msg: string }).msg);
  try {
    const manager = await makeExecutorManager(settings, environment, createLogger('miner', { write }));
    const offered = await manager.manifest().finally(() => manager.close?.());
    const missing = [...wanted].filter(([name, count]) => (offered[name] ?? 0) < count);
    if (missing.length === 0) return [ok(check, `${all}: all machines answer.`)];
    const few = missing.map(([name, count]) => `${offered[name] ?? 0} of ${count} ${name}`).join(', ');
    const fix =
      'Look at the hosts in DOCKER_EXECUTORS_CONFIG_PATH: ssh to them as their user, and run docker ps there.';
    return [fail(check, [`Machines are away: ${few}.`, ...told].join(' '), fix)];
  } catch (error) {
    const fix = 'Set EXECUTOR_MANAGER_CLASS_PATH and what belongs to it; docs/settings.md has the words.';
    return [fail(check, `${fullReasonOf(error)}.`, fix)];
  }
}

/** Loads the operator's own class, and makes nothing of it: that could start executors. */
async function checkCustomManager({ executorManager, vendorDirectory }: MinerSettings): Promise<Finding> {
  const check = 'executors';
  const folder = vendorDirectory ?? process.cwd();
  try {
    await customManagerClass(executorManager, folder);
    return ok(check, `${executorManager} is there, and starts them: what it needs is not looked at.`);
  } catch (error) {
    const says = `EXECUTOR_MANAGER_CLASS_PATH is "${executorManager}". ${fullReasonOf(error)}.`;
    if (existsSync(path.join(folder, 'setup.sh')))
      return warn(check, says, `Run ${path.join(folder, 'setup.sh')}, as the miner does when it starts.`);
    return fail(check, says, 'Mend the module, or set EXECUTOR_MANAGER_CLASS_PATH and VENDOR_DIRECTORY.');
  }
}

/** What is found where the operator's file of servers cannot be read. */
export const unreadableServers = (error: unknown): Finding =>
  fail(
    'executors',
    `${fullReasonOf(error)}.`,
    'Mend the file, or set DOCKER_EXECUTORS_CONFIG_PATH to another one.',
  );
