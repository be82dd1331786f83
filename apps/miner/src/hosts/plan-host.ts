import path from 'node:path';
import { UsageError } from '@horde/commands';
import { withServer, withSetting, type ServerSettings, type ServerSpec } from '@horde/executor-manager';

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

/** What a host is to be in the servers' file. */
interface PlannedHost {
  name: string;
  /** As the file has it; null: it does not. */
  existing: ServerSpec | null;
  edit: (text: string, minerAddress: string | null) => string;
}

/** @param folder of the servers' file @throws UsageError */
export function planHost(
  address: string,
  options: AddHostOptions,
  servers: ServerSpec[],
  folder: string,
): PlannedHost {
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
