import { createHash } from 'node:crypto';
import path from 'node:path';
import {
  DockerExecutorManager,
  parseStreamingPorts,
  ProcessExecutorManager,
  PublicAddress,
  readServers,
  type ExecutorManager,
  type ExecutorManagerContext,
  type KnownHostsOptions,
  type StreamingPort,
} from '@horde/executor-manager';
import type { Logger } from '@horde/operations';
import { PluginError } from '@horde/plugins';
import { SettingsError } from '@horde/settings';
import type { MinerSettings } from '../settings.ts';
import { customExecutorManager } from './custom-executor-manager.ts';
import { containerEnvironment, processEnvironment } from './executor-environment.ts';
import { managerKind } from './executor-manager-names.ts';
import { machineAddress } from './machine-address.ts';
import { runVendorSetup } from './vendor-setup.ts';

type Environment = Record<string, string | undefined>;

/**
 * The executor manager that the settings ask for.
 *
 * @throws SettingsError when it cannot be had
 */
export async function makeExecutorManager(
  settings: MinerSettings,
  environment: Environment,
  logger: Logger,
): Promise<ExecutorManager> {
  const { executorManager: name } = settings;
  const context = contextOf(settings, environment, logger);
  switch (managerKind(name)) {
    case 'process':
      return new ProcessExecutorManager(context.process);
    case 'docker':
      return dockerManager(settings, context);
    case 'custom':
      return customManager(settings, context, logger);
    case null:
      throw new SettingsError([
        `EXECUTOR_MANAGER_CLASS_PATH is "${name}": of ComputeHorde's managers this miner has DockerExecutorManager and ` +
          `DevExecutorManager.`,
      ]);
  }
}

async function dockerManager(
  { addressForExecutors, executorClass }: MinerSettings,
  context: ExecutorManagerContext,
): Promise<ExecutorManager> {
  const { file } = context.docker;
  if (addressForExecutors !== null && /^(127\.|localhost$|\[?::1\]?$)/.test(addressForExecutors)) {
    throw new SettingsError([
      `ADDRESS_FOR_EXECUTORS is "${addressForExecutors}": executors in containers do not reach the miner there. It must be ` +
        `an address that their machines know the miner by; where all run on this one, leave it out.`,
    ]);
  }
  const manager = new DockerExecutorManager(context.docker);
  try {
    const servers = file === null ? [] : await readServers(file, executorClass);
    if (addressForExecutors === null && servers.some(({ ssh, minerAddress }) => ssh && !minerAddress))
      throw new Error(
        `ADDRESS_FOR_EXECUTORS is not set, and ${file} names other machines: their executors need an address that they ` +
          'know this one by, there or as their miner_address in the file.',
      );
    await manager.manifest();
    return manager;
  } catch (error) {
    throw new SettingsError((error as Error).message.split('\n'));
  }
}

async function customManager(
  { executorManager: name, vendorDirectory }: MinerSettings,
  context: ExecutorManagerContext,
  logger: Logger,
): Promise<ExecutorManager> {
  try {
    if (vendorDirectory) await runVendorSetup(vendorDirectory, logger);
    return await customExecutorManager(name, vendorDirectory ?? process.cwd(), context);
  } catch (error) {
    if (!(error instanceof PluginError)) throw error;
    throw new SettingsError([`EXECUTOR_MANAGER_CLASS_PATH is "${name}". ${error.message}`]);
  }
}

/** What the settings say for every kind of manager. */
function contextOf(
  settings: MinerSettings,
  environment: Environment,
  logger: Logger,
): ExecutorManagerContext {
  const noGpu = settings.debugNoGpuMode ? { DEBUG_NO_GPU_MODE: '1' } : {};
  const streamingPorts = ports(settings.streamingPorts);
  const owner = ownerOf(settings);
  const log = (sentence: string) => logger.info(sentence);
  // Hosts that are lost, and a file with mistakes: somebody has to look.
  const warn = (sentence: string) => logger.warn(sentence);
  const { dockerExecutorsFile, customJobRunnersFile, customJobRunner } = settings;
  const file = path.resolve(dockerExecutorsFile);
  const publicAddress = new PublicAddress({
    configured: settings.minerAddress,
    services: settings.publicAddressServices,
  });
  return {
    log,
    process: {
      executors: { [settings.executorClass]: settings.processExecutors },
      command: settings.executorCommand?.split(/\s+/).filter(Boolean) ?? ownExecutor(),
      environment: { ...processEnvironment(environment), ...noGpu },
      logFolder: settings.executorLogFolder,
      streamingPorts,
      owner,
    },
    docker: {
      image: settings.executorImage,
      file: dockerExecutorsFile === '__default__' ? null : file,
      defaultClass: settings.executorClass,
      localPorts: streamingPorts,
      environment: { ...containerEnvironment(environment), ...noGpu },
      autoRemove: settings.autoRemoveExecutors,
      ...(customJobRunnersFile && {
        customJobRunners: { path: customJobRunnersFile, className: customJobRunner || null },
      }),
      owner,
      network: environment['HORDE_NETWORK'],
      engineNetwork: settings.executorNetwork,
      publishAt: settings.streamingPortsAddress,
      knownHosts: knownHostsOf(settings),
      publicAddress: () => machineAddress(settings, publicAddress),
      log: warn,
    },
  };
}

/** How the hosts of the operator's file prove that they are the ones that are meant. */
export function knownHostsOf({ dockerExecutorsFile, sshKnownHosts }: MinerSettings): KnownHostsOptions {
  const file = sshKnownHosts ?? `${path.resolve(dockerExecutorsFile)}.known_hosts`;
  return { file, pin: sshKnownHosts === undefined };
}

function ports(text: string): StreamingPort[] {
  try {
    return parseStreamingPorts(text);
  } catch (error) {
    throw new SettingsError([`STREAMING_PORTS is "${text}": ${(error as Error).message}.`]);
  }
}

/** Names the miner to itself: whoever has its database is it. */
const ownerOf = ({ databaseUrl, walletName, walletHotkeyName }: MinerSettings): string =>
  createHash('sha256')
    .update([databaseUrl, walletName, walletHotkeyName].join('\n'))
    .digest('hex')
    .slice(0, 16);

/** The executor's bundle, in the folder beside the miner's. */
const ownExecutor = (): string[] => [
  process.execPath,
  path.resolve(path.dirname(process.argv[1]!), '../../executor/dist/main.mjs'),
];
