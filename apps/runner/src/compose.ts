import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import Docker from 'dockerode';

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

/**
 * Compose for one project, with the files that this runner brings. The container of `run` is removed when it has ended, by
 * this process and not by the engine: an operator's `docker compose down --remove-orphans` would fail on one that vanishes
 * while it looks.
 */
export class Compose {
  constructor(private readonly options: ComposeOptions) {}

  /** @returns what it writes @throws ComposeFailed */
  async run(...words: string[]): Promise<string> {
    const { child, ended } = this.spawn(words, ['ignore', 'pipe', 'pipe']);
    const [written, said, status] = await Promise.all([text(child.stdout!), text(child.stderr!), ended]);
    // What a container complains of may be in either.
    if (status !== 0) throw new ComposeFailed(words, `${said}${written}`);
    return written;
  }

  /** What it writes is written here. @returns when it has ended */
  async show(...words: string[]): Promise<void> {
    const { child, ended } = this.spawn(words, ['ignore', 'pipe', 'ignore']);
    for await (const line of createInterface({ input: child.stdout! }))
      process.stdout.write(`${withoutClearing(line)}\n`);
    await ended;
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

  private end(words: string[], stdio: Stdio[]): Promise<number | null> {
    return this.spawn(words, stdio).ended;
  }

  /** Gives a program `input` to read; what it writes and complains of is written here. @returns its exit code */
  async feed(input: string, ...words: string[]): Promise<number | null> {
    const { child, ended } = this.spawn(words, ['pipe', 'inherit', 'inherit']);
    // One that has ended does not read.
    child.stdin!.on('error', () => undefined);
    child.stdin!.end(input);
    return ended;
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
    const [command, ...rest] = words;
    const container = command === 'run' ? `${project}-once-${randomUUID().slice(0, 8)}` : null;
    const typed = container === null ? words : ['run', '--name', container, ...rest];
    const child = spawn(program, [...all, ...chosen, ...typed], { stdio, env });
    return { child, ended: this.ended(child, container) };
  }

  /** @returns the exit code */
  private async ended(child: ChildProcess, container: string | null): Promise<number | null> {
    const [status] = (await once(child, 'close')) as [number | null];
    if (container !== null) await remove(container);
    return status;
  }
}

/** Never rejects: it may not have been made, or be removed by somebody else; one that stays goes at the runner's next start. */
const remove = (container: string): Promise<unknown> =>
  new Docker()
    .getContainer(container)
    .remove({ force: true })
    .catch(() => undefined);

/** Of lines of logs: Compose clears a terminal's line before each, also where there is no terminal. */
export const withoutClearing = (lines: string): string => lines.replaceAll('\u001B[2K', '');
