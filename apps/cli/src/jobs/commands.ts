import { InvalidArgumentError, Option } from 'commander';
import { jobStatuses } from '@horde/protocol';
import { finish } from '../program/finish.ts';
import { moment } from '../program/moment.ts';
import { count, port, seconds } from '../program/numbers.ts';
import type { HordeCommand } from '../program/horde-command.ts';
import { connectionOptions, type ConnectionOptions } from '../profiles/connection.ts';
import { UsageError } from '../usage-error.ts';
import { cancelJob } from './cancel.ts';
import { describeJob } from './describe.ts';
import { listJobs, type ListOptions } from './list.ts';
import { readMount, readUpload } from './mounts.ts';
import { showLogs, type LogsOptions } from './logs.ts';
import { showResult } from './result.ts';
import type { OutcomeOptions } from './outcome.ts';
import { run, type RunOptions } from './run.ts';
import { self } from '../program/self.ts';

const jobHelp = 'its id, or the beginning of it (default: the newest)';

export function addJobCommands(program: HordeCommand): void {
  const jobs = program
    .command('jobs')
    .description('run containers on other machines, and see what becomes of them');
  jobs.examples(
    'horde jobs run alpine --class always_on.test -- echo hello',
    'horde jobs list',
    'horde jobs describe 7c2d0f34',
  );
  addRun(jobs);

  connectionOptions(jobs.command('list').description('your jobs, the newest first'))
    .option('--limit <count>', 'how many at most', count, 20)
    .addOption(new Option('--status <status>', 'only those in it').choices(Object.keys(jobStatuses)))
    .option('--class <name>', 'only those of this executor class')
    .option('--tag <text>', 'only those with exactly this tag')
    .option('--namespace <name>', 'only those of this namespace')
    .option(
      '--created-after <time>',
      'only those created then or later: how long ago (20m, 2h, 7d), or a time',
      moment,
    )
    .option('--created-before <time>', 'only those created before it', moment)
    .option('--cursor <cursor>', 'go on where a list ended that told this cursor')
    .option('--json', 'print one line of JSON')
    .examples(
      'horde jobs list',
      'horde jobs list --status failed --created-after 2h',
      'horde jobs list --created-before 2026-01-31T12:00:00Z --limit 100 --json',
    )
    .action((options: ListOptions) => finish((signal) => listJobs(options, signal), null));

  connectionOptions(
    jobs.command('describe').description('why a job waits or has failed, and what is known of it'),
  )
    .argument('[job]', jobHelp)
    .option('--json', 'print one line of JSON')
    .examples('horde jobs describe', 'horde jobs describe 7c2d0f34')
    .action((id: string | undefined, options: ConnectionOptions & { json?: boolean }) =>
      finish((signal) => describeJob(id ?? null, options, signal), null),
    );

  connectionOptions(jobs.command('logs').description('what a job has printed'))
    .argument('[job]', jobHelp)
    .option('--follow', 'go on until it has ended')
    .examples('horde jobs logs', 'horde jobs logs 7c2d0f34 --follow')
    .action((id: string | undefined, options: LogsOptions) =>
      finish((signal) => showLogs(id ?? null, options, signal), null),
    );

  connectionOptions(jobs.command('cancel').description('end a job that waits or runs'))
    .argument('<job>', 'its id, or the beginning of it')
    .examples('horde jobs cancel 7c2d0f34')
    .action((id: string, options: ConnectionOptions) =>
      finish((signal) => cancelJob(id, options, signal), null),
    );

  connectionOptions(
    jobs.command('result').description('the result of a job that has ended, and its artifacts'),
  )
    .argument('[job]', jobHelp)
    .option('--save <folder>', 'write the artifacts there')
    .option('--json', 'print one line of JSON')
    .examples('horde jobs result', 'horde jobs result 7c2d0f34 --save results')
    .action((id: string | undefined, options: ConnectionOptions & OutcomeOptions) =>
      finish((signal) => showResult(id ?? null, options, signal), null),
    );
}

function addRun(jobs: HordeCommand): void {
  const command = jobs
    .command('run')
    .description('run a job, show what it prints, and end with the exit code of its container')
    .argument('<image>', 'the image of its container')
    .argument('[arguments...]', 'of the container, behind "--"');
  connectionOptions(command)
    .option('--class <name>', `the executor class; "${self} classes" lists them`)
    .option(
      '--volume <source[:dir]>',
      'a local file or folder, a URL (.zip is unpacked) or hf://OWNER/NAME, at /volume or below it',
      collected(readMount),
    )
    .option('--env <name=value>', 'a variable; NAME alone takes it from here', variable)
    .option('--artifacts <dir>', 'the folder whose small files come back (default with --save: /artifacts)')
    .option('--save <folder>', 'write those files there')
    .option('--upload <path=url>', 'send a file below /output there, by PUT', collected(readUpload))
    .option('--namespace <name>', 'what the job belongs to')
    .option('--tag <text>', 'what lists find it by')
    .option('--trusted', "run it on the validator's own miner")
    .option(
      '--download <seconds>',
      'how long the volumes may take to arrive; limits are what is paid for',
      seconds,
      60,
    )
    .option('--time <seconds>', 'how long the container may run', seconds, 60)
    .option('--upload-time <seconds>', 'how long the uploads may take', seconds, 60)
    .option(
      '--stream <port>',
      'this port of 127.0.0.1 leads to the port 8000 of the job, over mutual TLS',
      port,
    )
    .option('--stream-time <seconds>', 'how long a job with --stream may take until it listens', seconds, 10)
    .addOption(
      new Option('--detach', 'print the id of the job, and do not wait for it').conflicts(['stream', 'save']),
    )
    .option('--dry-run', 'say whether it could run now, and what that would take; nothing is created')
    .option('--json', 'print one line of JSON last, and nothing else on standard output')
    .addHelpText(
      'after',
      `
Exit codes: the container's; 125 where the network or the job failed without
one; 130 after Ctrl-C; 2 where it was typed wrong; 1 where it was refused.`,
    )
    .examples(
      "horde jobs run alpine --class always_on.test -- sh -c 'echo hello'",
      `horde jobs run python:3.13 --class always_on.gpu-24gb --volume ./code \\
    --volume https://example.com/model.zip:/volume/model --save results \\
    -- python /volume/train.py`,
    )
    .action((image: string, args: string[], options: RunOptions) =>
      finish((signal) => run(image, args, options, signal), null),
    );
}

/** For an option that may be given several times. */
const collected =
  <T>(read: (text: string) => T) =>
  (text: string, before: T[] = []): T[] => [...before, asArgument(() => read(text))];

function variable(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([^=]+)(?:=([\s\S]*))?$/.exec(text) ?? [];
  if (!name) throw new InvalidArgumentError('It is NAME=VALUE.');
  const taken = value ?? process.env[name];
  if (taken === undefined)
    throw new InvalidArgumentError(`There is no variable ${name} here: write ${name}=VALUE.`);
  return { ...before, [name]: taken };
}

/** What cannot be read is an error of the option. */
function asArgument<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof UsageError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}
