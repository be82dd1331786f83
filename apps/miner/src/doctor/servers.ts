import path from 'node:path';
import { readServers, type ServerSpec } from '@horde/executor-manager';
import type { ExecutorClass } from '@horde/protocol';
import { managerKind } from '../executors/executor-manager-names.ts';
import type { MinerSettings } from '../settings.ts';

/** Where the settings say that executors run. */
export interface ExecutorPlaces {
  kind: 'docker' | 'process' | 'custom' | null;
  /** How many of each class there are to be; nobody can tell of a manager of the operator's own. */
  wanted: Map<ExecutorClass, number>;
  /** The classes that run on this machine. */
  here: ExecutorClass[];
  /** The servers of the operator's file. */
  servers: ServerSpec[];
}

/** @throws ServersFileError when the operator's file cannot be used */
export async function executorPlaces(settings: MinerSettings): Promise<ExecutorPlaces> {
  const { executorManager, executorClass, processExecutors, dockerExecutorsFile } = settings;
  const kind = managerKind(executorManager);
  if (kind === 'process')
    return { kind, wanted: new Map([[executorClass, processExecutors]]), here: [executorClass], servers: [] };
  if (kind !== 'docker') return { kind, wanted: new Map(), here: [], servers: [] };
  if (dockerExecutorsFile === '__default__')
    return { kind, wanted: new Map([[executorClass, 1]]), here: [executorClass], servers: [] };
  const file = path.resolve(dockerExecutorsFile);
  const servers = await readServers(file, executorClass);
  const wanted = new Map<ExecutorClass, number>();
  for (const server of servers.filter(({ draining }) => !draining))
    wanted.set(server.executorClass, (wanted.get(server.executorClass) ?? 0) + server.executors);
  return {
    kind,
    wanted,
    here: servers.filter(({ ssh }) => ssh === null).map((server) => server.executorClass),
    servers,
  };
}
