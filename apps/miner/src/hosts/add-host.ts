import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { allGood, fail, ok, UsageError, warn, type Finding } from '@horde/commands';
import {
  editServersFile,
  parseServers,
  PublicAddress,
  publicSshKey,
  visitHost,
  withoutServer,
  withPorts,
  withServer,
  withSetting,
  type ServerSettings,
  type ServerSpec,
} from '@horde/executor-manager';
import type { MinerContext } from '../commands/miner-context.ts';
import { minerVersionAt, ownAddress } from '../connections/own-address.ts';
import { MinerConfig } from '../dynamic-config/miner-config.ts';
import { knownHostsOf } from '../executors/make-executor-manager.ts';
import { asTestValidator } from '../self-test/self-test.ts';
import { checkHostFor } from './check-host.ts';
import { notReached } from './reach-host.ts';
import { serversFileOf } from './servers-file-of.ts';
import { jobOn, offeredNow, takenUp } from './test-host.ts';

/** What is typed; what is left out stays as the file has it. */
export interface AddHostOptions {
  class?: string;
  name?: string;
  sshPort?: number;
  key?: string;
  hostKey?: string;
  executors?: number;
  publicAddress?: string;
  streamingPorts?: string;
}

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
  const wanted = planned(address, options, servers, path.dirname(file));
  const text = await readFile(file, 'utf8');
  const edit = (old: string, minerAddress: string | null) => wanted.edit(old, minerAddress);
  const specOf = (of: string) => {
    const all = parseServers(of, file, settings.executorClass);
    return { all, server: all.find(({ name }) => name === wanted.name)! };
  };
  const known = wanted.existing?.minerAddress ?? null;
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
      const reached = await visit(plan, known);
      if (reached === null || !allGood(findings)) return;

      const minerAddress = reached === settings.addressForExecutors ? null : reached;
      const { server } = specOf(edit(text, minerAddress));
      await editServersFile(
        file,
        settings.executorClass,
        (old) => edit(old, minerAddress),
        (old) =>
          wanted.existing ? old.map((one) => (one.name === server.name ? server : one)) : [...old, server],
      );
      const isSame = edit(text, minerAddress) === text;
      note(
        ok(
          'servers file',
          `${wanted.existing ? (isSame ? 'kept' : 'changed') : 'added'}: ${server.name} in ${file}.`,
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
      const isBack = !wanted.existing || wanted.existing.draining;
      if (!(await takenUp(offered, before + (isBack ? server.executors : 0), signal)))
        note(
          fail(
            'miner',
            'The running miner does not use it yet.',
            'Look at its log, and at `miner host list`.',
          ),
        );
      else note(await jobOn(server, plan.all, { app, address: own, validator, signal }));
      if (wanted.existing || allGood(findings)) return;
      await editServersFile(
        file,
        settings.executorClass,
        (old) => withoutServer(old, server.name),
        (old) => old.filter(({ name }) => name !== server.name),
      );
      note(ok('servers file', `${server.name} was taken out again.`));

      /** @returns what executors there reach the miner at; null: something is in the way */
      async function visit(
        { all, server: host }: { all: ServerSpec[]; server: ServerSpec },
        knownAddress: string | null,
      ): Promise<string | null> {
        const target = host.ssh!;
        const mayMake = !options.key && !existsSync(target.keyPath);
        const publicKey = await publicSshKey(target.keyPath, { make: mayMake });
        if (mayMake) note(ok('key', `Made ${target.keyPath}: the miner logs in with it.`));
        const knownHosts = {
          ...knownHostsOf(settings),
          pin: false,
          fingerprint: options.hostKey ?? null,
        };
        const minerVersion = await minerVersionAt(own, signal);
        const config = app.get(MinerConfig);
        let isIn = false;
        try {
          return await visitHost(target, knownHosts, async (there) => {
            isIn = true;
            note(ok('ssh', `${target.username} is let in at ${target.host} port ${target.port}.`));
            const ports = withPorts(
              all.filter(({ ssh }) => ssh),
              [],
            ).find(({ name }) => name === host.name)!.machinePorts;
            const from = await there.print('echo "${SSH_CONNECTION%% *}"');
            const publicAddress = await app.get(PublicAddress).get();
            const addresses = [knownAddress, settings.addressForExecutors, publicAddress, from?.trim()];
            const plan = {
              server: host,
              ports,
              jobImages: [...config.get('DYNAMIC_PRELOAD_DOCKER_JOB_IMAGES')],
              minerAddresses: [
                ...new Set(addresses.filter((one) => typeof one === 'string' && one !== '')),
              ] as string[],
              minerVersion,
            };
            return checkHostFor(there, plan, settings, context.environment, signal, note);
          });
        } catch (error) {
          signal.throwIfAborted();
          if (isIn) throw error;
          note(notReached(error, target, publicKey));
          return null;
        }
      }
    }),
  );
  return findings;
}

interface Planned {
  name: string;
  /** As the file has it; null: it does not. */
  existing: ServerSpec | null;
  edit: (text: string, minerAddress: string | null) => string;
}

function planned(address: string, options: AddHostOptions, servers: ServerSpec[], folder: string): Planned {
  const { user, name4, name6 } =
    /^(?<user>[^@\s]+)@(?:\[(?<name6>[\da-f:.]+)\]|(?<name4>[\w.-]+))$/i.exec(address)?.groups ?? {};
  const host = name6 ?? name4;
  if (!user || !host) throw new UsageError(`"${address}" is not USER@HOST.`);
  const port = options.sshPort ?? 22;
  const there = servers.filter(({ ssh }) => ssh?.host === host && ssh.port === port);
  const named = servers.find(({ name }) => name === options.name);
  if (named && !there.includes(named)) throw new UsageError(`${named.name} is another host's name.`);
  if (!options.name && there.length > 1)
    throw new UsageError(
      `${there.map(({ name }) => name).join(' and ')} are on ${host}: say which with --name.`,
    );
  const existing = options.name ? (named ?? null) : (there[0] ?? null);
  if (!existing && !options.class) throw new UsageError(`Say what ${host} is to be with --class.`);
  const name = existing?.name ?? options.name ?? host;
  if (!existing && servers.some((one) => one.name === name))
    throw new UsageError(`There is a server ${name} already: give this one another --name.`);
  const usualKey = servers.find(({ ssh }) => ssh)?.ssh?.keyPath ?? path.join(folder, 'key');
  const typed = {
    executor_class: options.class,
    executors: options.executors,
    streaming_ports: options.streamingPorts,
    public_address: options.publicAddress,
  };
  const given = Object.entries(typed).filter(([, value]) => value !== undefined) as [
    string,
    string | number,
  ][];
  const edit = (text: string, minerAddress: string | null) => {
    if (existing) {
      const changes: [string, ServerSettings[string] | null][] = [
        ...given,
        ...(existing.ssh!.username === user ? [] : [['username', user] as [string, string]]),
        ...(options.key ? [['key_path', options.key] as [string, string]] : []),
        ...(minerAddress === existing.minerAddress
          ? []
          : [['miner_address', minerAddress] as [string, string | null]]),
        ['draining', null],
      ];
      return changes.reduce((old, [key, value]) => withSetting(old, name, key, value), text);
    }
    return withServer(text, name, {
      mode: 'ssh',
      host: host!,
      ...(port !== 22 && { ssh_port: port }),
      username: user!,
      key_path: options.key ?? usualKey,
      ...Object.fromEntries(given),
      ...(minerAddress && { miner_address: minerAddress }),
    });
  };
  return { name, existing, edit };
}
