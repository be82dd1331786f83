import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** Whether a person can be asked: standard input and error are a terminal. */
export const canAsk = (): boolean => process.stdin.isTTY && process.stderr.isTTY;

/** Asks in the terminal for a line that is not shown. @throws the signal's reason at Ctrl-C */
export async function askHidden(question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  // From now on the terminal shows no key by itself.
  process.stderr.write(question);
  try {
    return await new Promise((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('SIGINT', () => reject(new Error('Stopped.')));
      lines.once('close', () => reject(new Error('Nothing was typed.')));
    });
  } finally {
    lines.removeAllListeners('close');
    lines.close();
    process.stderr.write('\n');
  }
}

/** Asks in the terminal for a line. null: Ctrl-C, or no line. */
export async function askLine(question: string): Promise<string | null> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  try {
    return await new Promise<string | null>((resolve) => {
      lines.once('SIGINT', () => resolve(null));
      lines.once('close', () => resolve(null));
      lines.question(question, resolve);
    });
  } finally {
    lines.close();
  }
}

/** What comes on standard input, up to its end. */
export const standardInput = (): Promise<string> => text(process.stdin);
