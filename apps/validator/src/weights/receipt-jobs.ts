import { Inject, Injectable } from '@nestjs/common';
import { CHAIN, ChainError, type Chain, type Cycle } from '@horde/chain';
import { ReceiptQueries } from '../receipts/receipt-queries.ts';
import { PaidJobs, type PaidJob } from '../scoring/paid-jobs.ts';

/** Takes the receipts' word for it: whoever signs a finished receipt has paid for the job. */
@Injectable()
export class ReceiptJobs extends PaidJobs {
  constructor(
    private readonly receipts: ReceiptQueries,
    @Inject(CHAIN) private readonly chain: Chain,
  ) {
    super();
  }

  async of({ start, end }: Cycle): Promise<PaidJob[]> {
    const jobs = await this.receipts.finishedBetween(await this.timeOf(start), await this.timeOf(end));
    return jobs.flatMap(({ cost, executorClass, minerHotkey, validatorHotkey, jobUuid }) =>
      cost === null ? [] : [{ executorClass, minerHotkey, validatorHotkey, jobUuid, cost }],
    );
  }

  /** The very first cycle begins before block 0. */
  private async timeOf(block: number): Promise<Date> {
    const time = await this.chain.blockTime(Math.max(0, block));
    if (time !== null) return new Date(time);
    throw new ChainError('refused', `This way to the chain does not tell when block ${block} was made.`);
  }
}
