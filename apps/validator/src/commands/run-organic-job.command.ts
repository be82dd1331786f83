import { randomUUID } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { requireHotkey, ServiceCommand, UsageError } from '@horde/commands';
import { defaultExecutorClass, make, NewJob, type ExecutorClass } from '@horde/protocol';
import { Command, Option } from 'nest-commander';
import type { MinerAddress } from '../miner/miner-client.ts';
import { MinerDirectory } from '../routing/miner-directory.ts';
import { readAddress, readExecutorClass, readPort } from './miner-options.ts';
import { runLoneJob } from './run-lone-job.ts';
import { splitWords } from './split-words.ts';
import { ValidatorContext } from './validator-context.ts';

interface Options {
  minerHotkey?: string;
  minerAddress?: string;
  minerPort?: number;
  executorClass?: ExecutorClass;
  dockerImage: string;
  cmdArgs?: string[];
  downloadTimeLimit?: number;
  executionTimeLimit?: number;
  uploadTimeLimit?: number;
  streamingStartTimeLimit?: number;
}

@Command({
  name: 'debug_run_organic_job',
  description:
    'run one job that nobody has signed at a miner, without allowance: the one that is named, or the first that offers the class and is not on the blacklist',
})
export class DebugRunOrganicJob extends ServiceCommand {
  constructor(private readonly context: ValidatorContext) {
    super();
  }

  override async run(_words: string[], options: Options): Promise<void> {
    const request = jobOf(options);
    const { signal } = this.context;
    await runLoneJob(this.context, { request, signal, miner: (app) => minerFor(app, request, options) });
  }

  @Option({
    flags: '--miner-hotkey <hotkey>',
    description: 'the miner (default: the first that can have it)',
  })
  minerHotkey(text: string): string {
    requireHotkey(text);
    return text;
  }

  @Option({
    flags: '--miner-address <ip>',
    description: 'its IP address (default: what the chain says); with the port',
  })
  minerAddress(text: string): string {
    return readAddress(text);
  }

  @Option({ flags: '--miner-ip-version <4|6>', description: 'not needed: the address tells' })
  minerIpVersion(text: string): string {
    return text;
  }

  @Option({ flags: '--miner-port <port>', description: 'its port' })
  minerPort(text: string): number {
    return readPort(text);
  }

  @Option({
    flags: '--executor-class <class>',
    description: `the class of executor (default: ${defaultExecutorClass})`,
  })
  executorClass(text: string): ExecutorClass {
    return readExecutorClass(text);
  }

  @Option({ flags: '--docker-image <image>', description: 'the image that is run', required: true })
  dockerImage(text: string): string {
    return text;
  }

  @Option({ flags: '--cmd-args <text>', description: 'the arguments that it is run with, as in a shell' })
  cmdArgs(text: string): string[] {
    return splitWords(text);
  }

  @Option({ flags: '--download-time-limit <seconds>', description: 'default: 10' })
  downloadTimeLimit(text: string): number {
    return seconds(text);
  }

  @Option({ flags: '--execution-time-limit <seconds>', description: 'default: 100' })
  executionTimeLimit(text: string): number {
    return seconds(text);
  }

  @Option({ flags: '--upload-time-limit <seconds>', description: 'default: 10' })
  uploadTimeLimit(text: string): number {
    return seconds(text);
  }

  @Option({ flags: '--streaming-start-time-limit <seconds>', description: 'default: 10' })
  streamingStartTimeLimit(text: string): number {
    return seconds(text);
  }
}

const jobOf = (options: Options): NewJob =>
  make(NewJob, {
    uuid: randomUUID(),
    executor_class: options.executorClass ?? defaultExecutorClass,
    docker_image: options.dockerImage,
    args: options.cmdArgs ?? [],
    env: new Map(),
    download_time_limit: options.downloadTimeLimit ?? 10,
    execution_time_limit: options.executionTimeLimit ?? 100,
    upload_time_limit: options.uploadTimeLimit ?? 10,
    streaming_start_time_limit: options.streamingStartTimeLimit ?? 10,
  });

/** @throws UsageError where the options do not name a miner, Error where none is known */
async function minerFor(
  app: INestApplicationContext,
  { executor_class }: NewJob,
  { minerHotkey, minerAddress, minerPort }: Options,
): Promise<MinerAddress> {
  if ((minerAddress === undefined) !== (minerPort === undefined))
    throw new UsageError('An address is both --miner-address and --miner-port.');
  if (minerAddress !== undefined && minerPort !== undefined) {
    if (minerHotkey !== undefined) return { hotkey: minerHotkey, ip: minerAddress, port: minerPort };
    throw new UsageError('Which miner is at that address? Name its --miner-hotkey.');
  }
  const directory = app.get(MinerDirectory);
  const find = () =>
    minerHotkey === undefined ? directory.firstOffering(executor_class) : directory.find(minerHotkey);
  for (let isMoreKnown = true; isMoreKnown;) {
    const miner = await find();
    if (miner) return miner;
    isMoreKnown = (await directory.lookAgain()) === 'more is known';
  }
  const miner = await find();
  if (miner) return miner;
  throw new Error(
    minerHotkey === undefined
      ? `No miner that is not on the blacklist offers an executor of class ${executor_class}.`
      : `The chain does not tell an address of the miner ${minerHotkey}: name its --miner-address and --miner-port.`,
  );
}

function seconds(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new UsageError(`"${text}" is not a number of seconds.`);
}
