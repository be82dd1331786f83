import { spawn, type ChildProcess } from 'node:child_process';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { LOGGER, type Logger } from '@horde/operations';
import type { MinerCheckName } from '@horde/panel-api';
import { CheckRuns } from './check-runs.ts';

/** How often a run that prints nothing is kept alive. @unit ms */
const pulse = 5_000;
/** What is printed within so long is stored together. @unit ms */
const gathering = 200;
/** A check that takes longer is ended. @unit ms */
const limit = 3_600_000;
/** How long a check may take to clear up when the miner stops. @unit ms */
const patience = 3_000;

/** How a command of the miner is started: a program and its first arguments. The command's name follows. */
export class CommandLine {
  constructor(readonly words: readonly string[]) {}
}

/**
 * Runs the miner's own commands `self_test` and `doctor` for operators of the panel. Each is a process of its own: what it
 * loads and leaves goes with it, and the miner serves on.
 */
@Injectable()
export class Checks implements BeforeApplicationShutdown {
  private current: { child: ChildProcess; done: Promise<void> } | null = null;

  constructor(
    private readonly runs: CheckRuns,
    private readonly command: CommandLine,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    if (!this.current) return;
    const { child, done } = this.current;
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), patience);
    await done.finally(() => clearTimeout(kill));
  }

  /** Begins a check; what comes of it is told by `CheckRuns`. @param by the operator @throws HordeError CHECK_RUNS */
  async start(name: MinerCheckName, by: string): Promise<void> {
    const id = await this.runs.begin(name, by);
    const [program, ...words] = this.command.words;
    const child = spawn(program!, [...words, name], { stdio: ['ignore', 'pipe', 'pipe'] });
    const done = this.follow(id, child).catch((error: unknown) => {
      this.logger.error({ error }, `what the check ${name} says could not be stored`);
      child.kill('SIGKILL');
    });
    const current = { child, done };
    this.current = current;
    void done.then(() => {
      if (this.current === current) this.current = null;
    });
  }

  /** Stores what a check prints and how it ends. */
  private async follow(id: string, child: ChildProcess): Promise<void> {
    let printed = '';
    let stored = Promise.resolve(true);
    const store = () => {
      const text = printed;
      printed = '';
      stored = stored.then((isOurs) => isOurs && this.runs.append(id, text));
      // Another run has its place: this process stood still for too long.
      return stored.then((isOurs) => isOurs || child.kill('SIGKILL'));
    };
    let gatherer: NodeJS.Timeout | undefined;
    const take = (text: string) => {
      printed += text;
      gatherer ??= setTimeout(() => {
        gatherer = undefined;
        store().catch(() => child.kill('SIGKILL'));
      }, gathering);
    };
    for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding('utf8').on('data', take);
    const alive = setInterval(() => take(''), pulse);
    const late = setTimeout(() => {
      take(`It took longer than ${limit / 60_000} minutes, and was ended.\n`);
      child.kill('SIGTERM');
    }, limit);
    const { promise: ended, resolve } = Promise.withResolvers<number | null>();
    child.once('error', (error) => {
      take(`The check could not be started: ${error.message}.\n`);
      resolve(1);
    });
    child.once('close', resolve);
    const exitCode = await ended;
    for (const timer of [alive, late, gatherer]) clearTimeout(timer);
    await store();
    await this.runs.end(id, exitCode);
  }
}
