import { Inject, Injectable } from '@nestjs/common';
import { orAborted } from '@horde/async';
import { ChainError } from '@horde/chain';
import { Database, Lease } from '@horde/database';
import { LOGGER, troubleLog, type Logger } from '@horde/operations';
import { ChainBlocks } from './chain-blocks.ts';
import { missingBlocks, recentBlocks } from './missing-blocks.ts';
import { firstReplaced } from './replaced-blocks.ts';
import { keptBlocks, TakeBlocks } from './take-blocks.ts';

/** How long the work stays a process's own while that does not say that it still lives. @unit ms */
const leaseTime = 60_000;
/** How many blocks are read at once, and stored in one transaction. */
const batch = 8;
/** So long after a block was too old for the chain, it is asked for it again. @unit ms */
const pastPause = 600_000;
/** How often old ones are removed. @unit blocks */
const evictionInterval = 50;

/**
 * Follows the chain: takes each new block, those that are missing before it, and, where the chain has other blocks than
 * were taken, those. One process of the validator at a time does so.
 */
@Injectable()
export class FollowChain {
  private readonly lease: Lease;
  private readonly trouble: ReturnType<typeof troubleLog>;
  private running: Promise<void> | null = null;
  private readonly stopping = new AbortController();
  /** What is known to be complete up to this block. */
  private completeTo = -1;
  /** Older ones than this the chain does not have. */
  private past = { oldest: 0, until: 0 };
  private evictedAt = 0;

  constructor(
    private readonly chain: ChainBlocks,
    private readonly taking: TakeBlocks,
    private readonly database: Database,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.lease = new Lease(database, 'chain', { term: leaseTime });
    this.trouble = troubleLog((error) =>
      logger.warn(
        `${error instanceof Error ? error.message : String(error)} Blocks are taken when it can be asked.`,
      ),
    );
  }

  /** Leaves the work to another process. Resolves when nothing is stored any more: a chain's answer is not waited for. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running?.catch(() => undefined);
    await this.lease.leave().catch(() => undefined);
  }

  /** Takes all blocks that are there and missing; those of a chain that cannot be asked wait for the next time. */
  follow(): Promise<void> {
    this.running ??= this.once().finally(() => (this.running = null));
    return this.running;
  }

  private async once(): Promise<void> {
    try {
      for (let isBehind = true; isBehind && !this.stopping.signal.aborted;) {
        const now = await this.answer(this.chain.now());
        isBehind = now !== this.completeTo && (await this.lease.take()) && (await this.takeUpTo(now));
      }
      this.trouble.over();
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      if (!(error instanceof ChainError)) throw error;
      this.trouble.is(error);
    }
  }

  /** What the chain says, until this process stops. */
  private answer<T>(asked: Promise<T>): Promise<T> {
    return orAborted(asked, this.stopping.signal);
  }

  /** @returns whether it has left off, since there are newer blocks to be taken first */
  private async takeUpTo(now: number): Promise<boolean> {
    await this.leaveOtherChain(now);
    const missing = await this.missing(now);
    for (let at = 0; at < missing.length; at += batch) {
      const numbers = missing.slice(at, at + batch);
      if (numbers[0]! <= now - recentBlocks && (await this.answer(this.chain.now())) > now) return true;
      // The first are read right after it was taken.
      if (this.stopping.signal.aborted || (at > 0 && !(await this.lease.take()))) return false;
      if (!(await this.take(numbers, now))) break;
      if (at + batch >= missing.length && performance.now() >= this.past.until) this.past.oldest = 0;
    }
    if (now - this.evictedAt >= evictionInterval) {
      await this.taking.evict(now);
      this.evictedAt = now;
    }
    this.completeTo = now;
    return false;
  }

  /** @returns false when the chain has none that are so old */
  private async take(numbers: number[], now: number): Promise<boolean> {
    const began = performance.now();
    const read = await Promise.allSettled(numbers.map((number) => this.answer(this.chain.read(number))));
    const blocks = read.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    if (blocks.length > 0) {
      const inOrder = blocks.toSorted((a, b) => a.number - b.number);
      await this.taking.take(inOrder, began);
    }
    const failed = read.findIndex(({ status }) => status === 'rejected');
    if (failed < 0) return true;
    const { reason } = read[failed] as PromiseRejectedResult;
    const isOld = numbers[failed]! < now - batch;
    if (!(reason instanceof ChainError && reason.kind === 'absent' && isOld)) throw reason;
    this.past = { oldest: numbers[failed]! + 1, until: performance.now() + pastPause };
    this.logger.info(
      `The chain does not have block ${numbers[failed]} any more (${reason.message}) Receipts of jobs that were paid ` +
        'with it or older ones are refused.',
    );
    return false;
  }

  /** Forgets blocks that the chain has replaced. */
  private async leaveOtherChain(now: number): Promise<void> {
    const from = await firstReplaced(
      (number) => this.taking.newest(number),
      (number) => this.answer(this.chain.hash(number)),
      now,
    );
    if (from === null) return;
    this.logger.warn({ from }, 'the chain has replaced blocks: what was stored of them is forgotten');
    await this.taking.forget(from);
    this.completeTo = -1;
  }

  /** What is complete is looked for gaps again only where the chain did not have everything. */
  private async missing(now: number): Promise<number[]> {
    const isPast = performance.now() < this.past.until;
    if (this.completeTo >= 0 && this.completeTo < now && (isPast || this.past.oldest === 0))
      return missingBlocks(new Set(), Math.max(this.completeTo + 1, now - keptBlocks), now);
    const oldest = Math.max(now - keptBlocks, isPast ? this.past.oldest : 0);
    return missingBlocks(await this.storedFrom(oldest), oldest, now);
  }

  private async storedFrom(oldest: number): Promise<Set<number>> {
    const rows = await this.database.manager.query<{ number: number }[]>(
      'select number from allowance_block where number >= $1',
      [oldest],
    );
    return new Set(rows.map(({ number }) => number));
  }
}
