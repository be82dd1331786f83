import { engineSays } from '../docker/engine-says.ts';

/** What a check ran and what came of it: the context of ComputeHorde's `security_check_failed`. */
export interface CheckedProgram {
  /** Null: the program could not be started, or gave no answer in time. */
  return_code: number | null;
  stdout: string;
  stderr: string;
}

/** This machine is not fit to run a stranger's job: what the executor reports as `security_check_failed`. */
export class SecurityCheckFailed extends Error {
  override readonly name = 'SecurityCheckFailed';

  constructor(
    message: string,
    readonly facts: CheckedProgram = { return_code: null, stdout: '', stderr: '' },
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Turns a refusal to run a check's program into the failure of the check.
 *
 * @throws SecurityCheckFailed, the signal's reason, or that the engine cannot be reached at all
 */
export async function engineMustRun<T>(program: string, run: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await run;
  } catch (error) {
    const unreachable = (error as NodeJS.ErrnoException).syscall === 'connect';
    if (error instanceof SecurityCheckFailed || signal.aborted || unreachable) throw error;
    throw new SecurityCheckFailed(`${program} could not be run: ${engineSays(error)}`, undefined, {
      cause: error,
    });
  }
}
