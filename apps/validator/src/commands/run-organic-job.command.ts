import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import type { INestApplicationContext } from '@nestjs/common';
import { requireHotkey, ServiceCommand, UsageError } from '@horde/commands';
import {
  defaultExecutorClass,
  ExecutorClass,
  isTerminal,
  make,
  NewJob,
  type JobStatusUpdate,
} from '@horde/protocol';
import { Command, Option } from 'nest-commander';
import { LoneJob } from '../driver/lone-job.ts';
import { attemptEndOf } from '../jobs/attempt-end.ts';
import type { MinerAddress } from '../miner/miner-client.ts';
import { MinerDirectory } from '../routing/miner-directory.ts';
import { ValidatorSettings } from '../settings.ts';
import { ShownUpdates } from './shown-updates.ts';
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
    const job = jobOf(options);
    const { print, signal } = this.context;
    let end: JobStatusUpdate | null = null;
    const show = (update: JobStatusUpdate) => {
      print(update.status);
      if (isTerminal(update.status)) end = update;
    };
    await this.context.useDriver(
      async (app) => {
        const miner = await minerFor(app, job, options);
        print(`The job ${job.uuid} is given to the miner ${miner.hotkey} at ${miner.ip} port ${miner.port}.`);
        Object.assign(app.get(ValidatorSettings), {
          debugMinerKey: miner.hotkey,
          debugMinerAddress: miner.ip,
          debugMinerPort: miner.port,
          jobWaitLimit: 0,
        });
        await app.get(LoneJob).run(job, signal);
      },
      (outbox) => new ShownUpdates(outbox, show),
    );
    if (!end) throw new Error('Another process of the validator has taken the job over.');
    this.tell(end);
  }

  /** @throws Error where it did not complete */
  private tell({ status, metadata }: JobStatusUpdate): void {
    const printed = metadata?.miner_response ?? metadata?.job_failure_details;
    for (const [name, text] of [
      ['stdout', printed?.docker_process_stdout],
      ['stderr', printed?.docker_process_stderr],
    ])
      if (text) this.context.print(`${name}:\n${text.replace(/\n$/, '')}`);
    if (status === 'completed') return;
    const { reason, message } = attemptEndOf({ status, metadata });
    throw new Error(`The job is ${status} (${reason}): ${message}`);
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
    if (!isIP(text)) throw new UsageError(`"${text}" is not an IP address.`);
    return text;
  }

  @Option({ flags: '--miner-ip-version <4|6>', description: 'not needed: the address tells' })
  minerIpVersion(text: string): string {
    return text;
  }

  @Option({ flags: '--miner-port <port>', description: 'its port' })
  minerPort(text: string): number {
    const port = Number(text);
    if (!(Number.isInteger(port) && port >= 1 && port <= 65_535))
      throw new UsageError(`"${text}" is not a port.`);
    return port;
  }

  @Option({
    flags: '--executor-class <class>',
    description: `the class of executor (default: ${defaultExecutorClass})`,
  })
  executorClass(text: string): ExecutorClass {
    const found = ExecutorClass.find((name) => name === text);
    if (!found) throw new UsageError(`"${text}" is not one of ${ExecutorClass.join(', ')}.`);
    return found;
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
