import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { allGood, fail, ok, warn, type Finding } from '@horde/commands';
import {
  editServersFile,
  parseServers,
  PublicAddress,
  publicSshKey,
  visitHost,
  withoutServer,
  withPorts,
  type ServerSpec,
} from '@horde/executor-manager';
import { executorClasses } from '@horde/protocol';
import type { MinerContext } from '../commands/miner-context.ts';
import { minerVersionAt, ownAddress } from '../connections/own-address.ts';
import { MinerConfig } from '../dynamic-config/miner-config.ts';
import { knownHostsOf } from '../executors/make-executor-manager.ts';
import { asTestValidator } from '../self-test/self-test.ts';
import type { MinerSettings } from '../settings.ts';
import { checkHostFor } from './check-host.ts';
import { installMissing } from './install-missing.ts';
import { planHost, type AddHostOptions } from './plan-host.ts';
import { notReached } from './reach-host.ts';
import { serversFileOf } from './servers-file-of.ts';
import { jobOn, offeredNow, takenUp } from './test-host.ts';

/**
 * Checks a host over SSH, puts there what executors need, names it in the operator's file and runs a job on it. Nothing is
 * written where something is in the way; one that is named already is repaired.
 *
 * @param tell gets each finding when it is there
 * @throws UsageError, SettingsError, ServersFileError, Error with a sentence
 */
export async function addHost(
  context: MinerContext,
  address: string,
  options: AddHostOptions,
  tell: (finding: Finding) => void,
): Promise<Finding[]> {
  const settings = context.settings();
  const { file, servers } = await serversFileOf(settings, { write: true });
  const { name: ofHost, existing, edit } = planHost(address, options, servers, path.dirname(file));
  const text = await readFile(file, 'utf8');
  const specOf = (of: string) => {
    const all = parseServers(of, file, settings.executorClass);
    return { all, server: all.find(({ name }) => name === ofHost)! };
  };
  const known = existing?.minerAddress ?? null;
  const plan = specOf(edit(text, known));
  const findings: Finding[] = [];
  const note = (...more: Finding[]) => {
    more.forEach(tell);
    findings.push(...more);
  };
  const { signal } = context;
  await context.useSigning((app) =>
    asTestValidator(app, async (validator) => {
      const own = ownAddress(settings);
      const offered = () => offeredNow(own, validator, plan.server.executorClass, signal);
      const before = settings.isLocalMiner ? 0 : await offered();
      const visit = { app, own, settings, options, environment: context.environment, signal, note };
      const reached = await visitPlanned(plan, known, visit);
      if (reached === null || !allGood(findings)) return;

      const minerAddress = reached === settings.addressForExecutors ? null : reached;
      const { server } = specOf(edit(text, minerAddress));
      await editServersFile(
        file,
        settings.executorClass,
        (old) => edit(old, minerAddress),
        (old) => (existing ? old.map((one) => (one.name === server.name ? server : one)) : [...old, server]),
      );
      const isSame = edit(text, minerAddress) === text;
      note(
        ok(
          'servers file',
          `${existing ? (isSame ? 'kept' : 'changed') : 'added'}: ${server.name} in ${file}.`,
        ),
      );
      if (settings.isLocalMiner) {
        note(
          warn(
            'job',
            'A local miner takes jobs of its validator only: none was run.',
            'Send one from there.',
          ),
        );
        return;
      }
      const isBack = !existing || existing.draining;
      if (!(await takenUp(offered, before + (isBack ? server.executors : 0), signal)))
        note(
          fail(
            'miner',
            'The running miner does not use it yet.',
            'Look at its log, and at `miner host list`.',
          ),
        );
      else note(await jobOn(server, plan.all, { app, address: own, validator, signal }));
      if (existing || allGood(findings)) return;
      await editServersFile(
        file,
        settings.executorClass,
        (old) => withoutServer(old, server.name),
        (old) => old.filter(({ name }) => name !== server.name),
      );
      note(ok('servers file', `${server.name} was taken out again.`));
    }),
  );
  return findings;
}

interface Visit {
  app: INestApplicationContext;
  /** Where the running miner is. */
  own: string;
  settings: MinerSettings;
  options: AddHostOptions;
  environment: Record<string, string | undefined>;
  signal: AbortSignal;
  note: (...findings: Finding[]) => void;
}

/** @returns what executors there reach the miner at; null: something is in the way, which was noted */
async function visitPlanned(
  { all, server }: { all: ServerSpec[]; server: ServerSpec },
  knownAddress: string | null,
  { app, own, settings, options, environment, signal, note }: Visit,
): Promise<string | null> {
  const target = server.ssh!;
  const mayMake = !options.key && !existsSync(target.keyPath);
  const publicKey = await publicSshKey(target.keyPath, { make: mayMake });
  if (mayMake) note(ok('key', `Made ${target.keyPath}: the miner logs in with it.`));
  const knownHosts = { ...knownHostsOf(settings), pin: false, fingerprint: options.hostKey ?? null };
  const minerVersion = await minerVersionAt(own, signal);
  const jobImages = [...app.get(MinerConfig).get('DYNAMIC_PRELOAD_DOCKER_JOB_IMAGES')];
  const overSsh = all.filter(({ ssh }) => ssh);
  let isIn = false;
  try {
    const installed = await visitHost(target, knownHosts, async (there) => {
      isIn = true;
      note(ok('ssh', `${target.username} is let in at ${target.host} port ${target.port}.`));
      const needsGpu = executorClasses[server.executorClass].hasGpu && !settings.debugNoGpuMode;
      return installMissing(there, needsGpu, signal);
    });
    note(...installed);
    if (!allGood(installed)) return null;
    // Anew: what a user may do there counts from its next login on.
    return await visitHost(target, knownHosts, async (there) => {
      const ports = withPorts(overSsh, []).find(({ name }) => name === server.name)!.machinePorts;
      const from = await there.print('echo "${SSH_CONNECTION%% *}"');
      const publicAddress = await app.get(PublicAddress).get();
      const addresses = [knownAddress, settings.addressForExecutors, publicAddress, from?.trim()];
      const minerAddresses = [...new Set(addresses.filter((one) => typeof one === 'string' && one !== ''))];
      const wanted = { server, ports, jobImages, minerAddresses: minerAddresses as string[], minerVersion };
      return checkHostFor(there, wanted, settings, environment, signal, note);
    });
  } catch (error) {
    signal.throwIfAborted();
    if (isIn) throw error;
    note(notReached(error, target, publicKey));
    return null;
  }
}
