import { setTimeout as sleep } from 'node:timers/promises';
import { orAborted } from '@horde/async';
import type { Logger } from '@horde/operations';
import type { JobOutputChunk } from '@horde/protocol';
import { OutputReceiver } from '@horde/transport';
import type { JobOutputs } from '../jobs/job-outputs.ts';
import type { MinerLink } from '../miner/miner-link.ts';

/** The pause before it is looked up again what is stored, when the database did not tell. @unit ms */
const retryPause = 1_000;

/** What it takes to fetch output. */
interface OutputParts {
  outputs: JobOutputs;
  logger: Logger;
}

/** Fetches what a job prints from its miner, where it is wanted. */
export class AttemptOutput {
  /** Resolves when the miner was asked last, or cannot be. */
  private asked: Promise<void> = Promise.resolve();
  private current: { link: MinerLink; receiver: OutputReceiver } | null = null;
  private readonly done = Promise.withResolvers<void>();
  private readonly ended = new Set<string>();

  /** @param name what the job is called towards the miner */
  constructor(
    private readonly job: string,
    private readonly name: string,
    private readonly parts: OutputParts,
  ) {}

  /**
   * Asks, on this connection, for what is not stored. To be called on each one that the miner has the job on. Returns when
   * it was asked, or cannot be any more; never rejects.
   *
   * @param signal ends it, too
   */
  ask(link: MinerLink, signal: AbortSignal): Promise<void> {
    this.asked = this.askOn(link, signal);
    return this.asked;
  }

  /** Whether it was asked for, and has not all come. */
  get isLacking(): boolean {
    return this.current !== null && this.ended.size < 2;
  }

  take(chunk: JobOutputChunk): void {
    const problem = this.current?.receiver.take(chunk) ?? null;
    if (problem !== null) this.parts.logger.debug({ problem }, 'output of the miner is not used');
  }

  /**
   * Resolves when all of it is stored, its connection is gone, or the time is over.
   *
   * @param limit how long it takes at most. @unit ms
   * @param signal ends it, too
   */
  async rest(limit: number, signal: AbortSignal): Promise<void> {
    const over = AbortSignal.any([signal, AbortSignal.timeout(limit)]);
    await orAborted(this.asked, over).catch(() => undefined);
    if (!this.current) return;
    const { link, receiver } = this.current;
    await orAborted(Promise.race([this.done.promise, link.closed]), over).catch(() => undefined);
    receiver.close();
  }

  private async askOn(link: MinerLink, signal: AbortSignal): Promise<void> {
    if (!link.sendsOutput) return;
    while (link.isOpen && !signal.aborted) {
      try {
        return await this.askOnce(link);
      } catch (error) {
        this.parts.logger.warn({ error }, 'the miner could not be asked for output; it is tried again');
        await sleep(retryPause, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
  }

  private async askOnce(link: MinerLink): Promise<void> {
    const streams = await this.parts.outputs.follow(this.job);
    if (streams.length === 0 || !link.isOpen) return;
    if (this.current?.link !== link) this.begin(link);
    for (const position of streams) {
      if (position.ended) this.isOver(position.stream);
      this.current!.receiver.follow(this.job, position, this.name);
    }
  }

  private begin(link: MinerLink): void {
    const { outputs, logger } = this.parts;
    const receiver = new OutputReceiver({
      sink: outputs,
      send: (request) => void link.sendMessage(this.name, request),
      onEnd: (stream) => this.isOver(stream),
      onError: (error) => logger.error({ error }, 'output of the job could not be stored'),
    });
    this.current = { link, receiver };
    void link.closed.then(() => receiver.close());
  }

  private isOver(stream: string): void {
    if (this.ended.add(stream).size === 2) this.done.resolve();
  }
}
