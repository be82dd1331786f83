import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { parseEnvFile } from '@horde/settings';
import { exportsFile, isStaying, stayingNetwork } from './network/record.ts';
import { bundleOf, root } from './paths.ts';
import { finish } from './program/finish.ts';
import type { HordeCommand } from './program/horde-command.ts';
import { print } from './program/print.ts';
import type { ServiceName } from './network/services.ts';

const services: ServiceName[] = ['facilitator', 'validator', 'miner', 'devnet'];

/** What runs on this machine: a network, or one of its services. Needs the checkout that `./horde` belongs to. */
export function addNetworkCommands(program: HordeCommand): void {
  program.commandsGroup('On this machine:');
  addDemo(program);
  addUp(program);
  program
    .command('down')
    .description('end the network that `up` started')
    .examples('horde down')
    .action(() => finishLocally(async () => (await import('./network/commands.ts')).down(print)));
  program
    .command('status')
    .description('say what runs')
    .option('--json', 'print one line of JSON last')
    .examples('horde status')
    .action(({ json = false }: { json?: boolean }) =>
      finishLocally(async () => (await import('./network/commands.ts')).status(json, print)),
    );
  program
    .command('support-bundle')
    .description('write what others need to help with the network of `up` into one archive, without secrets')
    .option('--output <file>', 'the archive (default: horde-support-TIME.tar.gz here)')
    .option('--lines <count>', 'how many lines of each log (default: 5000)')
    .examples('horde support-bundle')
    .action((options: { output?: string; lines?: string }) =>
      finishLocally(async () => (await import('./network/support-bundle.ts')).supportBundle(options, print)),
    );
  addRun(program);
}

/** Postgres and the jobs run as other users: the folders made for them stay passable under a stricter umask. */
function finishLocally(work: (signal: AbortSignal) => Promise<number>): Promise<void> {
  process.umask(0o022);
  return finish(work);
}

const runner = new Option(
  '--runner <name>',
  'docker, or process: as a plain process, NOT isolated from this machine',
)
  .choices(['docker', 'process'])
  .default('docker');

function addDemo(program: HordeCommand): void {
  program
    .command('demo')
    .description('start a network, run a job on the files of FOLDER, check the answer, stop everything')
    .argument(
      '[folder]',
      "its files are the input, at most 5,000 files and 100 MB (default: this repository's docs)",
    )
    .addOption(runner)
    .option('--json', 'print one line of JSON last')
    .examples('horde demo', 'horde demo ~/texts')
    .action((folder: string | undefined, options: { runner: 'docker' | 'process'; json?: boolean }) =>
      finishLocally(async (signal) => {
        const { demo } = await import('./demo/demo.ts');
        const given = folder ?? path.join(root, 'docs');
        return demo({ folder: given, runner: options.runner, json: options.json ?? false }, signal);
      }),
    );
}

function addUp(program: HordeCommand): void {
  const command = program
    .command('up')
    .description('start a network and leave it running')
    .addOption(runner)
    .option('--executors <count>', 'how many jobs can run at the same time', count, 2)
    .examples('horde up', 'horde up --executors 8 --facilitator-port 9100');
  for (const service of services)
    command.option(`--${service}-port <port>`, `the ${service} listens on this very port`, port);
  command.action((options: Record<string, unknown>) => {
    const ports = Object.fromEntries(
      services.flatMap((service) =>
        options[`${service}Port`] ? [[service, options[`${service}Port`] as number]] : [],
      ),
    );
    const { executors, runner } = options as { executors: number; runner: 'docker' | 'process' };
    return finishLocally(async (signal) => {
      const { up } = await import('./network/commands.ts');
      return up({ ports, executors, runner, say: print }, signal);
    });
  });
}

function addRun(program: HordeCommand): void {
  program
    .command('run')
    .description('run one service alone, set up by its environment')
    .argument('<service>', 'facilitator, validator, miner, executor or devnet')
    .argument('[arguments...]', "passed on, such as one of the service's own commands")
    .option('--settings <file>', 'read variables from this file; they replace those that are set')
    .passThroughOptions()
    .allowUnknownOption()
    .examples('horde run miner --help', 'horde run miner --settings miner.env self_test')
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
        ...(settings === undefined ? ofStayingNetwork(service, rest) : variablesIn(settings)),
      });
    });
}

/**
 * What sets a service of the network of `up` up, for a command of it that is typed where nothing else says which service is
 * meant.
 */
function ofStayingNetwork(service: string, [command = '-']: string[]): Record<string, string> {
  const file = exportsFile(stayingNetwork, service);
  const isSetUp = command.startsWith('-') || process.env['DATABASE_URL'] !== undefined;
  if (isSetUp || !isStaying() || !existsSync(file)) return {};
  process.stderr.write(`This is about the ${service} of the network of "up".\n`);
  return variablesIn(file);
}

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

const port = (text: string): number => wholeUpTo(text, 65_535, 'A port is 1 to 65535.');
const count = (text: string): number => wholeUpTo(text, 1_000, 'It must be 1 to 1000.');

function wholeUpTo(text: string, most: number, sentence: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) throw new InvalidArgumentError(sentence);
  return value;
}
