import { spawn } from 'node:child_process';

/** A command in a pseudo terminal of its own. */
export interface InTerminal {
  /** Everything that the terminal has been sent, control sequences included. */
  readonly shown: string;
  /** Resolves when what is shown matches; rejects when the command ends before. */
  shows(pattern: RegExp): Promise<void>;
  /** Presses keys: `\u0003` is Ctrl-C. */
  type(keys: string): void;
  /** Its exit code. */
  finished: Promise<number | null>;
}

/** Runs a command in a pseudo terminal: `script` of util-linux makes one, and ends with the command's exit code. */
export function inTerminal(command: string[], environment: NodeJS.ProcessEnv): InTerminal {
  const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const child = spawn('script', ['-qefc', `stty cols 120; exec ${quoted}`, '/dev/null'], {
    env: { ...environment, TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let shown = '';
  let look: () => void = () => undefined;
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString('utf8');
    look();
  });
  const finished = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    get shown() {
      return shown;
    },
    shows: (pattern) =>
      new Promise((resolve, reject) => {
        look = () => {
          if (pattern.test(shown)) resolve();
        };
        look();
        void finished.then(() => reject(new Error(`It ended without ${pattern}:\n${shown}`)));
      }),
    type: (keys) => void child.stdin.write(keys),
    finished,
  };
}
