import { rm, stat } from 'node:fs/promises';
import { stopPostgres } from '@horde/embedded-postgres';
import { networksFolder } from '../paths.ts';
import { removeContainers } from './containers.ts';
import { exclusively } from './exclusively.ts';
import { endProcesses, processesOfNetwork } from './processes.ts';
import {
  folderOf,
  isOwned,
  markOf,
  networkIds,
  readRecord,
  stayingNetwork,
  thisProcess,
  writeRecord,
  type NetworkRecord,
} from './record.ts';

/** How long they may take to stop before they are ended for good. @unit ms */
const executorsStopWithin = 3_000;
const servicesStopWithin = 8_000;

export interface EndNetwork {
  /** true: its database and logs stay for the next start. */
  keepData: boolean;
  /** true: nothing is given time to stop by itself. */
  atOnce?: boolean;
}

/** Ends a network whole: services, executors, containers, Postgres, folders. Repeatable; an unknown one is no error. */
export async function endNetwork(id: string, { keepData, atOnce = false }: EndNetwork): Promise<void> {
  const record = await readRecord(id);
  const mark = markOf(id);
  // Executors first, while their miner still hears them; it may start another until it is gone itself.
  for (
    let processes = await processesOfNetwork(mark);
    processes.length > 0;
    processes = await processesOfNetwork(mark)
  ) {
    const services = (record?.services ?? []).map(({ process }) => process.pid);
    const executors = processes.filter(({ pid }) => !services.includes(pid));
    await endProcesses(executors, atOnce ? 0 : executorsStopWithin);
    await endProcesses(processes, atOnce ? 0 : servicesStopWithin);
  }
  await removeContainers(mark);
  if (record?.postgresFolder) await stopPostgres(record.postgresFolder);
  if (keepData) await rm(`${folderOf(id)}/network.json`, { force: true });
  else await rm(folderOf(id), { recursive: true, force: true });
}

/** Clears away what runs that crashed have left. What belongs to an owner that still runs is not touched. */
export const clearCrashed = (say: (line: string) => void): Promise<void> =>
  exclusively(networksFolder, () => clearUnowned(say));

/**
 * Makes this process the owner of the network of `up`, whose remains are cleared away. Of several that try at once,
 * one gets it.
 * @returns the record of who has it already; null: this process has it now
 */
export const claimStaying = (say: (line: string) => void): Promise<NetworkRecord | null> =>
  exclusively(networksFolder, async () => {
    const record = await readRecord(stayingNetwork);
    if (record && isOwned(record)) return record;
    await clearUnowned(say);
    const owner = thisProcess();
    const nothing = { postgresFolder: null, services: [], profile: null };
    await writeRecord({ id: stayingNetwork, owner, stays: true, ...nothing });
    return null;
  });

async function clearUnowned(say: (line: string) => void): Promise<void> {
  for (const id of await networkIds()) {
    const record = await readRecord(id);
    if (record ? isOwned(record) : await mayBeStarting(id)) continue;
    say(`Clearing away what an earlier run (${id}) has left.`);
    await endNetwork(id, { keepData: record?.stays ?? false, atOnce: true });
  }
}

/** A network's folder is there a moment before its record. The data of a network that is down has no record either. */
async function mayBeStarting(id: string): Promise<boolean> {
  if (id === stayingNetwork) return true;
  const folder = await stat(folderOf(id)).catch(() => null);
  return folder !== null && Date.now() - folder.mtimeMs < 60_000;
}
