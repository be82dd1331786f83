import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

/** A program that ended otherwise than it should. */
export class ComposeFailed extends Error {
  override readonly name = 'ComposeFailed';

  constructor(
    words: readonly string[],
    readonly said: string,
  ) {
    super(`Compose could not do "${words.join(' ')}":\n${said.trim()}`);
  }
}

export interface ComposeOptions {
  /** What the files' `${…}` stand for. Compose sees nothing else of the environment: a `.env` must not steer it. */
  variables?: Record<string, string>;
  files: readonly string[];
  project: string;
  /** Where Compose is. @default docker-compose, on the path */
  program?: string;
}

type Stdio = 'ignore' | 'pipe' | 'inherit' | number;

/** Compose for one project, with the files that this runner brings. */
export class Compose {
  constructor(private readonly options: ComposeOptions) {}

  /** @returns what it writes @throws ComposeFailed */
  async run(...words: string[]): Promise<string> {
    const child = this.spawn(words, ['ignore', 'pipe', 'pipe']);
    const [written, said, [status]] = await Promise.all([
      text(child.stdout!),
      text(child.stderr!),
      once(child, 'close') as Promise<[number | null]>,
    ]);
    // What a container complains of may be in either.
    if (status !== 0) throw new ComposeFailed(words, `${said}${written}`);
    return written;
  }

  /** What it writes is written here. @returns when it has ended */
  async show(...words: string[]): Promise<void> {
    const child = this.spawn(words, ['ignore', 'pipe', 'ignore']);
    for await (const line of createInterface({ input: child.stdout! }))
      process.stdout.write(`${withoutClearing(line)}\n`);
  }

  /** What it writes and complains of is written here. @returns its exit code */
  tell(...words: string[]): Promise<number | null> {
    return this.end(words, ['ignore', 'inherit', 'inherit']);
  }

  /** As `tell`, with all of it on standard error. */
  tellAside(...words: string[]): Promise<number | null> {
    return this.end(words, ['ignore', 2, 'inherit']);
  }

  /** As `tell`, and what this process is given to read is given to it. */
  passOn(...words: string[]): Promise<number | null> {
    return this.end(words, ['inherit', 'inherit', 'inherit']);
  }

  private async end(words: string[], stdio: Stdio[]): Promise<number | null> {
    const [status] = (await once(this.spawn(words, stdio), 'close')) as [number | null];
    return status;
  }

  /** Gives a program `input` to read; what it writes and complains of is written here. @returns its exit code */
  async feed(input: string, ...words: string[]): Promise<number | null> {
    const child = this.spawn(words, ['pipe', 'inherit', 'inherit']);
    const ended = once(child, 'close') as Promise<[number | null]>;
    // One that has ended does not read.
    child.stdin!.on('error', () => undefined);
    child.stdin!.end(input);
    return (await ended)[0];
  }

  private spawn(words: string[], stdio: Stdio[]) {
    const { files, project, variables, program = 'docker-compose' } = this.options;
    const all = ['--project-name', project, '--progress', 'plain', '--ansi', 'never'];
    const chosen = files.flatMap((file) => ['--file', file]);
    const env = {
      ...variables,
      PATH: process.env['PATH'],
      HOME: '/tmp',
      DOCKER_HOST: process.env['DOCKER_HOST'],
      // The runner itself is of this project, by the operator's file.
      COMPOSE_IGNORE_ORPHANS: 'true',
    };
    return spawn(program, [...all, ...chosen, ...words], { stdio, env });
  }
}

/** Of lines of logs: Compose clears a terminal's line before each, also where there is no terminal. */
export const withoutClearing = (lines: string): string => lines.replaceAll('\u001B[2K', '');
