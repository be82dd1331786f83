import { SettingsError } from '@horde/settings';
import type { MinerContext } from '../commands/miner-context.ts';
import { fail, ok, type Finding } from '@horde/commands';
import type { MinerSettings } from '../settings.ts';
import { checkChain } from './chain.ts';
import { checkClock } from './clock.ts';
import { checkDatabase } from './database.ts';
import { checkDisk } from './disk.ts';
import { checkDocker } from './docker.ts';
import { checkExecutors, unreadableServers } from './executors.ts';
import { checkExecutorsAddress } from './executors-address.ts';
import { checkFolders } from './folders.ts';
import { checkPort, checkStreamingPorts } from './ports.ts';
import { checkRedis } from './redis.ts';
import { executorPlaces } from './servers.ts';
import { checkWallet } from './wallet.ts';

/** Looks at everything that a miner needs around it, whether it runs or not; leaves nothing. */
export async function doctor(context: MinerContext, tell: (finding: Finding) => void): Promise<Finding[]> {
  const { environment } = context;
  const findings: Finding[] = [];
  const found = (...more: Finding[]) => {
    more.forEach(tell);
    findings.push(...more);
  };
  const { settings, problems } = readSettings(context);
  found(...problems);
  if (!settings) return findings;
  const places = await executorPlaces(settings).catch((error: unknown) => {
    found(unreadableServers(error));
    return null;
  });
  if (places) {
    const docker = await checkDocker(settings, environment, places);
    found(...docker.findings, ...(await checkExecutors(settings, environment, places)));
    if (places.kind === 'docker' && places.here.length > 0 && docker.root !== null)
      found(await checkExecutorsAddress(settings, environment));
    found(await checkDisk([...(docker.root === null ? [] : [docker.root]), settings.receiptsRoot]));
    if (places.here.length > 0) found(await checkStreamingPorts(settings));
  }
  found(...(await checkFolders(settings, environment)));
  found(await checkPort(settings));
  found(await checkClock(settings));
  const wallet = await checkWallet(settings);
  found(...wallet.findings);
  found(...(await checkChain(settings, wallet.address)));
  found(await checkDatabase(settings));
  found(await checkRedis(settings));
  return findings;
}

function readSettings(context: MinerContext): { settings: MinerSettings | null; problems: Finding[] } {
  const check = 'settings';
  try {
    return { settings: context.settings(), problems: [ok(check, 'All are there, and can be meant.')] };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const fix = 'Set it in the environment of the miner; nothing else is looked at before.';
    return { settings: null, problems: error.sentences.map((sentence) => fail(check, sentence, fix)) };
  }
}
