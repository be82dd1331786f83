import type { Finding } from '@horde/commands';
import { checkHosts } from '../doctor/hosts.ts';
import { executorPlaces } from '../doctor/servers.ts';
import type { MinerSettings } from '../settings.ts';

/** What the doctor finds on the hosts of a miner's servers. */
export const foundOnHosts = async (settings: MinerSettings): Promise<Finding[]> =>
  checkHosts(settings, {}, await executorPlaces(settings));
