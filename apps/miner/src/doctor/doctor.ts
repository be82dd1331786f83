import {
  checkCertificate,
  checkClock,
  checkDatabase,
  checkDisk,
  checkRedis,
  checkWallet,
  doctorOf,
  ok,
} from '@horde/commands';
import { authTolerance, executorClasses } from '@horde/protocol';
import type { MinerContext } from '../commands/miner-context.ts';
import { doesWithoutWallet } from '../identity/keypair.ts';
import { databaseOptions } from '../migrations/database-options.ts';
import type { MinerSettings } from '../settings.ts';
import { checkChain } from './chain.ts';
import { checkDocker } from './docker.ts';
import { checkExecutors, unreadableServers } from './executors.ts';
import { checkExecutorsAddress } from './executors-address.ts';
import { checkFolders } from './folders.ts';
import { checkGpus } from './gpus.ts';
import { checkHost } from './host.ts';
import { hostFiles } from './host-files.ts';
import { checkHosts } from './hosts.ts';
import { checkNvidiaRuntime } from './nvidia.ts';
import { checkPort, checkStreamingPorts } from './ports.ts';
import { executorPlaces } from './servers.ts';

/** Looks at everything that a miner needs around it, whether it runs or not; leaves nothing. */
export const doctor = doctorOf<MinerContext, MinerSettings>(
  'miner',
  async ({ environment }, settings, found) => {
    const places = await executorPlaces(settings).catch((error: unknown) => {
      found(unreadableServers(error));
      return null;
    });
    if (places) {
      const docker = await checkDocker(settings, environment, places);
      found(...docker.findings);
      const { info } = docker;
      if (info) {
        const withGpu = settings.debugNoGpuMode
          ? undefined
          : places.here.find((name) => executorClasses[name].hasGpu);
        const needsGpu = withGpu ?? null;
        found(await checkNvidiaRuntime(environment, info, needsGpu, hostFiles));
        found(...(await checkHost({ info, needsGpu, environment, files: hostFiles })));
      }
      found(...(await checkExecutors(settings, environment, places)));
      found(...(await checkHosts(settings, environment, places)));
      found(...(await checkGpus(settings, environment, places)));
      if (places.kind === 'docker' && places.here.length > 0 && docker.info)
        found(await checkExecutorsAddress(settings, environment));
      found(await checkDisk([...(docker.info ? [docker.info.DockerRootDir] : []), settings.receiptsRoot]));
      if (places.here.length > 0) found(await checkStreamingPorts(settings));
    }
    found(...(await checkFolders(settings, environment)));
    found(await checkPort(settings));
    const { publicAddressServices, pylonAddress, databaseUrl } = settings;
    const services = [...publicAddressServices, pylonAddress];
    found(await checkClock({ services, tolerance: authTolerance, consequence: 'validators are refused' }));
    const wallet = doesWithoutWallet(settings)
      ? { findings: [ok('wallet', 'Not needed: this is a local miner.')], address: null }
      : await checkWallet(settings);
    found(...wallet.findings);
    found(...(await checkChain(settings, wallet.address)));
    const migrations = databaseOptions(databaseUrl).migrations.map(({ name }) => name);
    found(await checkDatabase({ service: 'miner', url: databaseUrl, migrations }));
    found(await checkRedis(settings.redisUrl));
    found(await checkCertificate(settings));
  },
);
