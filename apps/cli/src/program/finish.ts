import { HordeClientError } from '@horde/sdk';
import { UsageError } from '../usage-error.ts';

/** Why a command's signal is aborted. */
export class Interrupted extends Error {
  constructor(readonly signal: NodeJS.Signals) {
    super('stopped');
  }
}

/** As of a process that SIGPIPE has ended. */
const pipeGone = 141;

/**
 * Runs a command to its exit code and ends this process with it: 2 where it was typed wrong, 1 where it failed, 130 after
 * Ctrl-C.
 *
 * @param interrupted what is said at the first Ctrl-C, which aborts the signal; null: nothing, since the command has
 * nothing to clear up, or speaks itself
 */
export async function finish(
  work: (signal: AbortSignal) => Promise<number>,
  interrupted: string | null = 'stopping, and clearing up.',
): Promise<void> {
  const stopping = new AbortController();
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => {
      // A terminal or a pipe that is gone must not keep us from clearing up.
      if (interrupted === null) process.exit(pipeGone);
    });
  }
  const stop = (signal: NodeJS.Signals) => {
    if (stopping.signal.aborted) return interrupted === null ? process.exit(130) : undefined;
    if (interrupted !== null)
      process.stderr.write(`\n${signal === 'SIGINT' ? 'Ctrl-C' : signal}: ${interrupted}\n`);
    stopping.abort(new Interrupted(signal));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal));
  try {
    process.exitCode = await work(stopping.signal);
  } catch (error) {
    if (stopping.signal.aborted) process.exitCode = 130;
    else {
      process.stderr.write(`${sentenceOf(error)}\n`);
      if (error instanceof HordeClientError) process.stderr.write(`${error.hint}\n`);
      process.exitCode = isMistyped(error) ? 2 : 1;
    }
  }
  // What was written may still be on its way into a pipe.
  for (const stream of [process.stdout, process.stderr])
    await new Promise<void>((resolve) => stream.write('', () => resolve()));
  process.exit();
}

const isMistyped = (error: unknown): boolean =>
  error instanceof UsageError ||
  (error instanceof HordeClientError &&
    ['BAD_JOB_SPEC', 'BAD_OPTION', 'FOLDER_TOO_LARGE'].includes(error.code));

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
