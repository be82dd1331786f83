import 'reflect-metadata';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { allowSlowAddresses } from '@horde/network';
import { parseEnvFile } from '@horde/settings';
import { demo } from './demo/demo.ts';
import { down, status, up } from './network/commands.ts';
import type { ServiceName } from './network/services.ts';
import { bundleOf, root } from './paths.ts';
import { describeRepositoryCommands } from './repository-commands.ts';
import { UsageError } from './usage-error.ts';

allowSlowAddresses();

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const port = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65535)
    throw new InvalidArgumentError('A port is 1 to 65535.');
  return value;
};

const count = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1_000)
    throw new InvalidArgumentError('It must be 1 to 1000.');
  return value;
};

const runner = new Option(
  '--runner <name>',
  'docker, or process: as a plain process, NOT isolated from this machine',
)
  .choices(['docker', 'process'])
  .default('docker');

const program = new Command('horde')
  .description('Run container jobs on other machines: a whole network on this one, or one of its services.')
  .configureOutput({ outputError: (text, write) => write(text) })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .enablePositionalOptions();

program
  .command('demo')
  .description('start a network, run a job on the files of FOLDER, check the answer, stop everything')
  .argument(
    '[folder]',
    "its files are the input, at most 5,000 files and 100 MB (default: this repository's docs)",
  )
  .addOption(runner)
  .option('--json', 'print one line of JSON last')
  .action((folder: string | undefined, options: { runner: 'docker' | 'process'; json?: boolean }) =>
    finish((signal) =>
      demo(
        { folder: folder ?? path.join(root, 'docs'), runner: options.runner, json: options.json ?? false },
        signal,
      ),
    ),
  );

const services: ServiceName[] = ['facilitator', 'validator', 'miner', 'devnet'];
const upCommand = program
  .command('up')
  .description('start a network and leave it running')
  .addOption(runner)
  .option('--executors <count>', 'how many jobs can run at the same time', count, 2);
for (const service of services)
  upCommand.option(`--${service}-port <port>`, `the ${service} listens on this very port`, port);
upCommand.action((options: Record<string, unknown>) => {
  const ports = Object.fromEntries(
    services.flatMap((service) =>
      options[`${service}Port`] ? [[service, options[`${service}Port`] as number]] : [],
    ),
  );
  const { executors, runner } = options as { executors: number; runner: 'docker' | 'process' };
  return finish((signal) => up({ ports, executors, runner, say: print }, signal));
});

program
  .command('down')
  .description('end the network that `up` started')
  .action(() => finish(() => down(print)));

program
  .command('status')
  .description('say what runs')
  .option('--json', 'print one line of JSON last')
  .action((options: { json?: boolean }) => finish(() => status(options.json ?? false, print)));

program
  .command('run')
  .description('run one service alone, set up by its environment')
  .argument('<service>', 'facilitator, validator, miner, executor or devnet')
  .argument('[arguments...]', "passed on, such as one of the service's own commands")
  .option('--settings <file>', 'read variables from this file; they replace those that are set')
  .passThroughOptions()
  .allowUnknownOption()
  // Not --env-file, which Node takes for itself wherever it stands.
  .action((service: string, rest: string[], { settings }: { settings?: string }) => {
    if (![...services, 'executor'].includes(service) || !existsSync(bundleOf(service))) {
      process.stderr.write(
        `There is no service ${service}: facilitator, validator, miner, executor or devnet.\n`,
      );
      process.exit(2);
    }
    // The service takes this process over: signals, standard streams and the pid are its own.
    process.execve!(process.execPath, [process.execPath, bundleOf(service), ...rest], {
      ...process.env,
      ...(settings !== undefined && variablesIn(settings)),
    });
  });

describeRepositoryCommands(program);

/** Ends this process with a sentence for each line that is wrong. */
function variablesIn(file: string): Record<string, string> {
  try {
    return parseEnvFile(readFileSync(file, 'utf8'), file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    process.stderr.write(`${code ? `The file ${file} cannot be read (${code}).` : message}\n`);
    process.exit(2);
  }
}

/** Runs a command to its exit code. The first Ctrl-C stops it in order. */
async function finish(work: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const stopping = new AbortController();
  // Postgres and the jobs run as other users: the folders made for them stay passable under a stricter umask.
  process.umask(0o022);
  // A terminal or a pipe that is gone must not keep us from clearing up.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const stop = (signal: NodeJS.Signals) => {
    if (stopping.signal.aborted) return;
    process.stderr.write(`\n${signal === 'SIGINT' ? 'Ctrl-C' : signal}: stopping, and clearing up.\n`);
    stopping.abort(new Error('stopped'));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal));
  try {
    process.exitCode = await work(stopping.signal);
  } catch (error) {
    if (stopping.signal.aborted) process.exitCode = 130;
    else if (error instanceof UsageError) fail(error.message, 2);
    else fail(error instanceof Error ? error.message : String(error), 1);
  }
  process.exit();
}

function fail(sentence: string, exitCode: number): void {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = exitCode;
}

await program.parseAsync();
