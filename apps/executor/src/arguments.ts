import { parseArgs } from 'node:util';

/** The token under which the parts of an executor are given its arguments. */
export const ARGUMENTS = Symbol('ARGUMENTS');

/** What the command line asks for. */
export interface Arguments {
  /** How long the executor may take from its connection to being ready. @unit seconds */
  startupTimeLimit: number;
  /** Replaces the setting JOB_RUNNER; null: the option was not given. */
  jobRunner: string | null;
}

/** What names a job runner: a built-in one, or a class in a file. */
export const jobRunnerRule = {
  pattern: /^(docker|process|.+:[^:/\\]+)$/s,
  sentence: 'it must be docker, process or path/to/module.ts:ClassName',
};

/** The one word that an executor's image is started with to stand in front of a streaming job, and not to run one. */
export const streamingProxy = 'streaming-proxy';

/** A command line that cannot be followed; its message is one sentence. */
export class ArgumentsError extends Error {
  override readonly name = 'ArgumentsError';
}

/** Commands that each of the other services has: for its executors, which are there for one job each, the miner has them. */
const ofMiner: Record<string, string> = {
  doctor: 'An executor has no doctor: `miner doctor` looks at the machines of executors.',
  explain: 'An executor ends with its job: `miner explain JOB` tells what became of both.',
};

const usage = 'usage: run_executor --startup-time-limit SECONDS [--job-runner-class NAME|FILE:CLASS]';

/**
 * Reads the command line that ComputeHorde's miners start an executor with. `--name value` and `--name=value` mean
 * the same.
 *
 * @param words without the interpreter and the program's file
 * @throws ArgumentsError
 */
export function readArguments(words: string[]): Arguments {
  const [command, ...rest] = words;
  if (command && Object.hasOwn(ofMiner, command)) throw new ArgumentsError(ofMiner[command]!);
  if (command !== 'run_executor') {
    throw new ArgumentsError(
      command ? `There is no command "${command}"; ${usage}` : `No command was given; ${usage}`,
    );
  }
  const options = readOptions(rest);
  const limit = options['startup-time-limit'];
  if (limit === undefined) throw new ArgumentsError(`--startup-time-limit is missing; ${usage}`);
  return { startupTimeLimit: seconds(limit), jobRunner: jobRunner(options['job-runner-class']) };
}

/** With what Node itself has: an executor starts once for each job, and loads no more than it needs. */
function readOptions(args: string[]) {
  const options = {
    'startup-time-limit': { type: 'string' },
    'job-runner-class': { type: 'string' },
  } as const;
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    const [sentence] = (error as Error).message.split('\n');
    throw new ArgumentsError(`${sentence!.replace(/\.?$/, '')}; ${usage}`);
  }
}

function seconds(text: string): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0) {
    throw new ArgumentsError(
      `--startup-time-limit is "${text}": it must be a whole number of seconds above 0.`,
    );
  }
  return Number(text);
}

function jobRunner(name: string | undefined): string | null {
  if (name === undefined || jobRunnerRule.pattern.test(name)) return name ?? null;
  // ComputeHorde's miners pass the path of a Python class.
  const python = /^\w+(\.\w+)+$/.test(name) ? ' A Python class cannot be run by this executor.' : '';
  throw new ArgumentsError(`--job-runner-class is "${name}": ${jobRunnerRule.sentence}.${python}`);
}
