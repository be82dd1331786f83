import { Inject, Injectable } from '@nestjs/common';
import { Database, type Transaction } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';
import { COLLATERAL, type CheatedJob, type Collateral } from '../collateral/collateral.ts';
import type { Slashing } from './slashing.entity.ts';

/** A try that has not ended by then has been cut off. @unit seconds */
const maxTrySeconds = 900;

/** Takes collateral from miners that cheated: each job's once at most, and with no transaction open meanwhile. */
@Injectable()
export class Slashings {
  constructor(
    private readonly database: Database,
    @Inject(COLLATERAL) private readonly collateral: Collateral,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @param amount nothing is taken where it is 0. @unit wei */
  async add(tx: Transaction, { uuid, minerHotkey }: CheatedJob, amount: bigint): Promise<void> {
    if (amount === 0n) return;
    await tx.manager.query(
      'insert into slashing (job_uuid, miner_hotkey, amount) values ($1, $2, $3) on conflict do nothing',
      [uuid, minerHotkey, String(amount)],
    );
  }

  /** Does what has been added. Each is begun by one process, and never begun again. */
  async slash(): Promise<void> {
    for (;;) {
      const [[next]] = await this.database.manager.query<[Slashing[], number]>(
        `update slashing set begun_at = now() where job_uuid = (
           select job_uuid from slashing where begun_at is null order by created_at limit 1 for update skip locked
         ) returning *`,
      );
      if (!next) break;
      await this.end(next.job_uuid, await this.outcomeOf(next));
    }
    await this.database.manager.query(
      `update slashing set outcome = 'It is not known whether it was slashed: the validator ended meanwhile.'
       where outcome is null and begun_at < now() - make_interval(secs => $1)`,
      [maxTrySeconds],
    );
  }

  private async outcomeOf({ job_uuid: uuid, miner_hotkey: minerHotkey, amount }: Slashing): Promise<string> {
    try {
      return await this.collateral.slash({ uuid, minerHotkey }, BigInt(amount));
    } catch (error) {
      this.logger.error(
        { error, job: uuid, miner: minerHotkey },
        'a miner that cheated could not be slashed',
      );
      return `It failed: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  private async end(jobUuid: string, outcome: string): Promise<void> {
    this.logger.warn({ job: jobUuid }, outcome);
    await this.database.manager.query('update slashing set outcome = $2 where job_uuid = $1', [
      jobUuid,
      outcome,
    ]);
  }
}
