import { allGood, reportLines, reportSum, UsageError } from '@horde/commands';
import { ExecutorClass } from '@horde/protocol';
import { Command, Option, SubCommand } from 'nest-commander';
import { addHost } from '../hosts/add-host.ts';
import { listHosts } from '../hosts/list-hosts.ts';
import type { AddHostOptions } from '../hosts/plan-host.ts';
import { removeHost } from '../hosts/remove-host.ts';
import { MinerCommand } from './miner-command.ts';

@SubCommand({
  name: 'add',
  arguments: '<user@host>',
  argsDescription: { 'user@host': 'who may use Docker there' },
  description:
    'check a host over SSH, put there what executors need, name it in the servers’ file, run a job on it',
})
export class HostAdd extends MinerCommand {
  override async run([address = '']: string[], options: AddHostOptions): Promise<void> {
    const findings = await addHost(this.context, address, options, (finding) =>
      this.context.print(reportLines(finding)),
    );
    this.context.print(reportSum(findings));
    if (!allGood(findings)) this.context.exitCode = 1;
  }

  @Option({ flags: '--class <class>', description: 'the class of its executors' })
  class(word: string): string {
    if (!ExecutorClass.some((one) => one === word))
      throw new UsageError(`"${word}" is no executor class: ${ExecutorClass.join(', ')}.`);
    return word;
  }

  @Option({ flags: '--name <name>', description: 'what it is called in the file (default: HOST)' })
  name(word: string): string {
    return word;
  }

  @Option({ flags: '--ssh-port <port>', description: 'where its sshd listens (default: 22)' })
  sshPort(word: string): number {
    return number(word, 65_535);
  }

  @Option({
    flags: '--key <file>',
    description:
      'the private key that lets the miner in (default: that of other hosts, else key beside the file)',
  })
  key(word: string): string {
    return word;
  }

  @Option({
    flags: '--host-key <SHA256:…>',
    description: 'the fingerprint of its own key, where that is not known',
  })
  hostKey(word: string): string {
    if (!/^SHA256:[\w+/]{43}$/.test(word)) throw new UsageError(`"${word}" is no fingerprint: SHA256:….`);
    return word;
  }

  @Option({ flags: '--executors <number>', description: 'how many run there at once (default: 1)' })
  executors(word: string): number {
    return number(word, 1_000);
  }

  @Option({ flags: '--public-address <address>', description: 'where users reach it (default: HOST)' })
  publicAddress(word: string): string {
    return word;
  }

  @Option({
    flags: '--streaming-ports <ports>',
    description: 'its ports for streaming jobs, as in STREAMING_PORTS (default: 6006 and the next)',
  })
  streamingPorts(word: string): string {
    return word;
  }
}

@SubCommand({
  name: 'remove',
  arguments: '<name>',
  argsDescription: { name: 'of the server, or its host' },
  description:
    'give a host no more jobs, wait for those that run there, and take it out of the servers’ file',
})
export class HostRemove extends MinerCommand {
  override async run([name = '']: string[]): Promise<void> {
    await removeHost(this.context, name);
  }
}

@SubCommand({ name: 'list', description: 'show each host with its class, its state and the reason' })
export class HostList extends MinerCommand {
  override async run(): Promise<void> {
    this.context.print(await listHosts(this.context));
  }
}

@Command({
  name: 'host',
  subCommands: [HostAdd, HostRemove, HostList],
  description: 'add and remove the hosts that executors run on over SSH: host add, host remove, host list',
})
export class Host extends MinerCommand {
  override async run(): Promise<void> {
    throw new UsageError('Say what: host add USER@HOST --class CLASS, host remove NAME, or host list.');
  }
}

function number(word: string, most: number): number {
  const value = Number(word);
  if (!/^\d+$/.test(word) || value < 1 || value > most)
    throw new UsageError(`"${word}" is no whole number from 1 to ${most}.`);
  return value;
}
