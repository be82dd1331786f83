import { spawn } from 'node:child_process';

/** The user that Postgres runs as. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
  /** true: it is not the caller, children have to be switched to it. */
  switchTo: boolean;
}

/**
 * Runs a program to its end and returns what it printed on stdout.
 *
 * @param account runs it as this user; the caller's own when absent.
 * @throws Error with the program's name and its stderr when it cannot start or ends with anything but 0.
 */
export function run(
  program: string,
  args: string[],
  { account, input }: { account?: Account; input?: string } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...identityOf(account),
      env: cleanEnvironment(),
      cwd: '/',
      stdio: 'pipe',
    });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.on('error', (error) => reject(new Error(`${program} could not be started: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else
        reject(
          new RunError(`${program} ended with ${signal ?? code}: ${errors.trim() || output.trim()}`, code),
        );
    });
    child.stdin.on('error', () => undefined); // a program that ends without reading is judged by its exit code
    child.stdin.end(input ?? '');
  });
}

/** A program ended with something else than 0. */
export class RunError extends Error {
  /** null: a signal ended it. */
  readonly exitCode: number | null;

  constructor(message: string, exitCode: number | null) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The options by which a child process becomes `account`; none when it is the caller already. */
export function identityOf(account?: Account): { uid?: number; gid?: number } {
  return account?.switchTo ? { uid: account.uid, gid: account.gid } : {};
}

/** The caller's own PG* and LD_* variables would change what Postgres does: it gets none of them. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
}
