import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { untilDone } from '@horde/async';
import { CHAIN, type Chain } from '@horde/chain';
import { LastDone } from '@horde/metrics';
import { LOGGER, type Logger } from '@horde/operations';
import { Queues } from '@horde/queue';
import { ValidatorDirectory } from './validator-directory.ts';

/** How often the chain is asked who its validators are, as in ComputeHorde. @unit ms */
const syncInterval = 5 * 60_000;
/** Before the chain is asked again at start. */
const pauses = { first: 1_000, max: 30_000 };

/** Keeps the list of validators as the chain has it: at start, then on a schedule. */
@Injectable()
export class ValidatorSync implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly stopping = new AbortController();
  private readonly listeners: (() => void)[] = [];
  private turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly directory: ValidatorDirectory,
    private readonly lastDone: LastDone,
    private readonly queues: Queues,
    @Inject(CHAIN) private readonly chain: Chain,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.lastDone.expect('chain');
    const queue = this.queues.open('validators');
    queue.work(() => this.sync(), {
      onError: (error) => this.logger.warn(`the list of validators stays as it is: ${error.message}`),
    });
    void this.start(() => queue.every('sync', syncInterval));
  }

  onApplicationShutdown(): void {
    this.stopping.abort();
  }

  /** Calls `listener` after each change of the list by this process. */
  onSynced(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** @throws ChainError when the chain cannot be asked */
  sync(): Promise<void> {
    // One after the other: an older answer of the chain must not be stored over a newer one.
    const done = this.turn.then(() => this.fetch());
    this.turn = done.catch(() => undefined);
    return done;
  }

  private async fetch(): Promise<void> {
    const { validators } = await this.chain.validators();
    if (validators.length === 0) {
      this.logger.warn('the chain names no validators: those known so far stay');
      return;
    }
    const deactivated = await this.directory.replace(validators.map(({ hotkey }) => hotkey));
    if (deactivated.length > 0) this.logger.info({ deactivated }, 'validators that left the chain');
    await this.lastDone.note('chain');
    for (const listener of this.listeners) listener();
  }

  private async start(schedule: () => Promise<void>): Promise<void> {
    for (const step of [() => this.sync(), schedule])
      await untilDone(
        step,
        pauses,
        (error, pause) => {
          const why = error instanceof Error ? error.message : String(error);
          this.logger.warn(
            `the list of validators is not known yet, and asked for again in ${pause / 1000} s: ${why}`,
          );
        },
        this.stopping.signal,
      );
  }
}
