import { access, constants, realpath } from 'node:fs/promises';
import path from 'node:path';
import { readServers, type ServerSpec } from '@horde/executor-manager';
import { managerKind } from '../executors/executor-manager-names.ts';
import type { MinerSettings } from '../settings.ts';

const once = `This miner has no file of servers: DOCKER_EXECUTORS_CONFIG_PATH is not set. Where a runner has started it, type this once, in the folder of its .env:
  mkdir -p vendor
  echo 'self: { mode: local, executor_class: DEFAULT_EXECUTOR_CLASS }' >vendor/docker_config.yaml
  printf '%s\\n' "HOST_VENDOR_DIR=$PWD/vendor" DOCKER_EXECUTORS_CONFIG_PATH=/root/vendor/docker_config.yaml >>.env
  docker compose restart
Elsewhere write such a file, set DOCKER_EXECUTORS_CONFIG_PATH to it, and start the miner again.`;

/** The operator's file of servers, and what it says now. @throws Error, ServersFileError with what to do where there is none */
export async function serversFileOf(
  { executorManager, dockerExecutorsFile, executorClass }: MinerSettings,
  { write }: { write: boolean },
): Promise<{ file: string; servers: ServerSpec[] }> {
  if (managerKind(executorManager) !== 'docker')
    throw new Error(
      `EXECUTOR_MANAGER_CLASS_PATH is "${executorManager}", and hosts are for docker: its executors are containers.`,
    );
  if (dockerExecutorsFile === '__default__') throw new Error(once);
  const file = path.resolve(dockerExecutorsFile);
  const servers = await readServers(file, executorClass);
  const folder = path.dirname(await realpath(file));
  if (write)
    await access(folder, constants.W_OK).catch(() => {
      throw new Error(
        `The miner's user (${process.getuid!()}) may not write in ${folder}: give it that folder, on its host with chown.`,
      );
    });
  return { file, servers };
}
