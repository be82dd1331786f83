import path from 'node:path';
import { diskFinding, fail, type Finding } from '@horde/commands';
import { HostUnreachable, lookAtHost, type LookedAtHost, type ServerSpec } from '@horde/executor-manager';
import { executorClasses } from '@horde/protocol';
import { knownHostsOf } from '../executors/make-executor-manager.ts';
import type { MinerSettings } from '../settings.ts';
import { engineInfo } from './engine.ts';
import { checkHost } from './host.ts';
import { usualPlaces, type HostFiles } from './host-files.ts';
import { checkNvidiaOfHost } from './nvidia.ts';
import type { ExecutorPlaces } from './servers.ts';

type Environment = Record<string, string | undefined>;

/**
 * Looks at the hosts over SSH of the operator's file as at this machine: at the settings that decide over their
 * containers, and at their disk. What is found has the host's name in the file, and says what to change there. A host
 * that is away is told by another check.
 */
export async function checkHosts(
  settings: MinerSettings,
  environment: Environment,
  { servers }: ExecutorPlaces,
): Promise<Finding[]> {
  const hosts = Map.groupBy(
    servers.filter(({ ssh }) => ssh !== null),
    ({ ssh }) => JSON.stringify(ssh),
  );
  const findings = [...hosts.values()].map(async (ofHost) => {
    const names = ofHost.map(({ name }) => name).join(', ');
    try {
      const found = await lookAtHost(ofHost[0]!.ssh!, knownHostsOf(settings), (host) =>
        lookAt(host, ofHost, settings, environment),
      );
      return found.map((one) => ofHostNamed(names, one));
    } catch (error) {
      if (error instanceof HostUnreachable) return [];
      throw error;
    }
  });
  return (await Promise.all(findings)).flat();
}

const ofHostNamed = (names: string, { check, fix, ...rest }: Finding): Finding => ({
  ...rest,
  check: `${check}: ${names}`,
  fix: fix && `There: ${fix}`,
});

/** Looks at the settings of one host, and at its disk. */
export async function lookAt(
  { docker, print: run }: LookedAtHost,
  servers: ServerSpec[],
  settings: MinerSettings,
  environment: Environment,
): Promise<Finding[]> {
  const info = await engineInfo(docker);
  // Its user's own shell may be another one.
  const print: LookedAtHost['print'] = (script) => run(`sh -c ${quoted(script)}`);
  const files = await filesOf(print);
  if (!files) {
    const fix = 'Let its user run commands over SSH, as ssh HOST true does.';
    return [fail('host', 'Its shell does not answer: its settings cannot be looked at.', fix)];
  }
  const withGpu = servers.find(({ executorClass }) => executorClasses[executorClass].hasGpu);
  const needsGpu = settings.debugNoGpuMode ? null : (withGpu?.executorClass ?? null);
  const free = Number(await print(`df -Pk -- ${quoted(info.DockerRootDir)} | awk 'NR == 2 { print $4 }'`));
  return [
    await checkNvidiaOfHost(info, needsGpu, files, print),
    ...(await checkHost({ info, needsGpu, environment, files })),
    ...(free > 0 ? [diskFinding(info.DockerRootDir, free * 1024)] : []),
  ];
}

/** Reads all that is looked at at once: each command takes its way there and back. null: the shell does not answer. */
async function filesOf(print: LookedAtHost['print']): Promise<HostFiles | null> {
  const { daemon, toolkit, meminfo, sysctl } = usualPlaces;
  const patterns = [daemon, toolkit, meminfo, ...sysctl.map((place) => `${place} ${place}/*.conf`)].join(' ');
  const printed = await print(
    `for file in ${patterns}; do [ -f "$file" ] && [ -r "$file" ] && printf '\\000%s\\000' "$file" && cat "$file"; done`,
  );
  if (!printed) return null;
  const parts = printed.split('\0');
  const texts = new Map<string, string>();
  for (let at = 1; at + 1 < parts.length; at += 2) texts.set(parts[at]!, parts[at + 1]!);
  return {
    ...usualPlaces,
    read: async (file) => texts.get(file) ?? null,
    list: async (folder) => {
      const inside = [...texts.keys()].filter((file) => path.posix.dirname(file) === folder);
      return inside.length > 0 ? inside.map((file) => path.posix.basename(file)) : null;
    },
    inContainer: false,
  };
}

const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
