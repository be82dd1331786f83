import { bridgeGateway } from '@horde/executor-manager';
import type { MinerSettings } from '../settings.ts';
import { managerKind } from './executor-manager-names.ts';

type Places = Pick<MinerSettings, 'addressForExecutors' | 'executorManager'>;

let gateway: Promise<string> | null = null;

/**
 * The host that executors reach the miner at: the configured one; else for containers the address that they know this
 * machine by, and for all others the machine itself.
 *
 * @throws Error with a sentence when the engine cannot tell
 */
export async function addressForExecutors({
  addressForExecutors: set,
  executorManager,
}: Places): Promise<string> {
  if (set !== null) return set.replace(/^\[(.*)\]$/, '$1');
  if (managerKind(executorManager) !== 'docker') return '127.0.0.1';
  // An engine keeps its bridge for as long as it runs; one that did not answer is asked again.
  gateway ??= askEngine();
  try {
    return await gateway;
  } catch (error) {
    gateway = null;
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `ADDRESS_FOR_EXECUTORS is not set, and the Docker engine does not tell how its containers reach this machine: ${why}`,
      { cause: error },
    );
  }
}

async function askEngine(): Promise<string> {
  // Much code, and a miner without containers needs none of it.
  const { default: Docker } = await import('dockerode');
  return bridgeGateway(new Docker());
}
