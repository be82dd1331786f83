import { setImmediate as nextTurn } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { ChainError, type Cycle } from '@horde/chain';
import { LOGGER, type Logger } from '@horde/operations';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import { ReceiptQueries, type FinishedJob } from '../receipts/receipt-queries.ts';
import { PaidJobs, type PaidJob } from '../scoring/paid-jobs.ts';
import type { Blocks } from './blocks.ts';
import { ChainBlocks } from './chain-blocks.ts';
import { AllowanceHistory, type BlockRange } from './history.ts';
import { blockExpiry } from './rules.ts';
import { Spending, type SpendingRules } from './spending.ts';
import { SpendingMetrics } from './spending-metrics.ts';

/** A job that ended in a cycle may have begun so long before it: as long as any may take. @unit blocks */
const maxJobBlocks = 330;

/** So many receipts are judged before what else the process has to do gets its turn: claims to jobs are to be renewed. */
const portion = 100;

/**
 * The jobs that were paid with blocks of their validators' allowance, as this validator reckons it. Receipts are judged
 * in the order that `finishedBetween` gives them, which is that of their own times: who has the same receipts comes to
 * the same verdicts, whenever each of them arrived.
 */
@Injectable()
export class AllowancePaidJobs extends PaidJobs {
  constructor(
    private readonly history: AllowanceHistory,
    private readonly chain: ChainBlocks,
    private readonly receipts: ReceiptQueries,
    private readonly config: ValidatorConfig,
    private readonly metrics: SpendingMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    super();
  }

  /** @throws ChainError while blocks that it depends on are still being read from the chain */
  async of({ start, end }: Cycle): Promise<PaidJob[]> {
    const range = { from: Math.max(0, start - maxJobBlocks - blockExpiry), to: end };
    const blocks = await this.history.blocks(range);
    await this.requireKnown(blocks, range);
    const time = (number: number) => new Date(blocks.get(Math.max(0, number))!.at);
    const finished = await this.receipts.finishedBetween(time(start), time(end));
    const spending = this.spending({
      blocks,
      offers: await this.history.offers(),
      leeway: {
        lower: this.config.get('DYNAMIC_SPENDING_VALIDATION_BLOCK_LEEWAY_LOWER'),
        upper: this.config.get('DYNAMIC_SPENDING_VALIDATION_BLOCK_LEEWAY_UPPER'),
      },
    });
    const paid: PaidJob[] = [];
    this.metrics.begin();
    for (const [index, job] of finished.entries()) {
      if (index % portion === 0) await nextTurn();
      paid.push(...this.judged(spending, job));
    }
    this.logger.info({ finished: finished.length, paid: paid.length }, 'the receipts of a cycle were judged');
    return paid;
  }

  /** What judges them: a simulation leaves one of its rules out. */
  protected spending(rules: SpendingRules): Pick<Spending, 'judge'> {
    return new Spending(rules);
  }

  private judged(spending: Pick<Spending, 'judge'>, job: FinishedJob): PaidJob[] {
    const { executorClass, minerHotkey, validatorHotkey, jobUuid, cost } = job;
    if (cost === null || cost < 0) return [];
    const verdict = spending.judge({ ...job, cost });
    this.metrics.count(job, verdict);
    if (verdict.is === 'accepted') return [{ executorClass, minerHotkey, validatorHotkey, jobUuid, cost }];
    this.logger.debug({ job: jobUuid, validator: validatorHotkey, cost, verdict }, 'the job is not paid');
    return [];
  }

  /**
   * Blocks that the chain does not have any more are done without; who reckoned before the others are read would come
   * to other verdicts than with them.
   */
  private async requireKnown(blocks: Blocks, { from, to }: BlockRange): Promise<void> {
    for (let number = to; number >= from; number--) {
      if (blocks.get(number)) continue;
      if (number < to && !(await this.chain.has(number))) break;
      throw new ChainError('refused', `Block ${number} has not been read from the chain yet.`);
    }
  }
}
