import { Injectable } from '@nestjs/common';
import { Keypair, verifyHex } from '@horde/identity';
import { receiptText, wireTime, type Receipt } from '@horde/protocol';
import type { EntityManager } from 'typeorm';
import { Capacity, type Asked } from '../capacity/capacity.ts';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import { countsAsExcuse, excuseLeeway, networksOwnHotkey, type BusyDecline } from './excuse-rules.ts';

/** More receipts than a miner has executors are looked at where some may be forged, but not many more. */
const spare = 8;
/** So many signatures are verified at most, in some ten milliseconds. */
const maxVerified = 64;

/** Tells declines of miners that are busy from those of miners that only say so. */
@Injectable()
export class Excuses {
  constructor(
    private readonly capacity: Capacity,
    private readonly config: ValidatorConfig,
    private readonly keypair: Keypair,
  ) {}

  /**
   * Whether as many other jobs as the miner has executors of the class kept it busy when it was asked, each proven by a
   * started receipt that came with the decline, or by receipts that are stored here: by those, unlike in ComputeHorde, a
   * miner is excused that is busy with long jobs, and is not by jobs that had ended. A job counts once. Receipts of
   * validators with a permit and enough stake count, those of this one and of the network's own.
   *
   * It is the newest manifest that tells how many executors there are; without one nothing is excused. ComputeHorde's
   * validator looks at the oldest, and excuses everything where there is none.
   *
   * @param receipts that came with the decline
   */
  async isExcused(manager: EntityManager, asked: Asked, receipts: readonly Receipt[]): Promise<boolean> {
    const offered = await this.capacity.offered(manager, asked);
    const askedAt = offered === null ? null : await this.askedAt(manager, asked);
    if (offered === null || askedAt === null) return false;
    const decline: BusyDecline = {
      jobUuid: asked.uuid,
      minerHotkey: asked.miner_hotkey,
      executorClass: asked.executor_class,
      askedAt: wireTime(askedAt),
    };
    const validators = await this.validators(manager);
    const shown = receipts
      .filter((receipt) => countsAsExcuse(receipt.payload, decline, validators))
      .slice(0, Math.min(offered + spare, maxVerified))
      .filter(({ payload, validator_signature: signature }) =>
        verifyHex(receiptText(payload), signature, payload.validator_hotkey),
      );
    return (await this.busyWith(manager, decline, shown, validators)) >= offered;
  }

  /** The time of the declined job's started receipt; null: there is none. @unit microseconds since 1970 */
  private async askedAt(manager: EntityManager, { uuid }: Asked): Promise<number | null> {
    const [receipt] = await manager.query<{ at: number }[]>(
      `select extract(epoch from timestamp)::float8 * 1e6 as at from receipt
       where job_uuid = $1 and receipt_type = 'JobStartedReceipt' and validator_hotkey = $2`,
      [uuid, this.keypair.address],
    );
    return receipt ? Math.round(receipt.at) : null;
  }

  private async validators(manager: EntityManager): Promise<ReadonlySet<string>> {
    const rows = await manager.query<{ hotkey: string }[]>(
      'select hotkey from known_validator where stake > 0 and stake >= $1',
      [this.config.get('DYNAMIC_MINIMUM_VALIDATOR_STAKE_FOR_EXCUSE')],
    );
    return new Set([...rows.map(({ hotkey }) => hotkey), this.keypair.address, networksOwnHotkey]);
  }

  private async busyWith(
    manager: EntityManager,
    { jobUuid, minerHotkey, executorClass, askedAt }: BusyDecline,
    shown: readonly Receipt[],
    validators: ReadonlySet<string>,
  ): Promise<number> {
    const [{ count }] = await manager.query<[{ count: number }]>(
      `select count(distinct job_uuid)::int as count
       from (
         select * from unnest($5::uuid[], $6::text[]) as shown (job_uuid, validator_hotkey)
         union
         select started.job_uuid, started.validator_hotkey from receipt started
         where started.receipt_type = 'JobStartedReceipt' and started.executor_class = $3
           and (started.job_uuid, started.validator_hotkey) in (
             select job_uuid, validator_hotkey from receipt running
             where running.miner_hotkey = $2 and running.timestamp < $4
               and running.expires_at > $4::timestamptz - make_interval(secs => $7)
           )
           and started.miner_hotkey = $2 and started.job_uuid <> $1 and started.validator_hotkey = any ($8)
       ) job
       where not exists (
         select from receipt finished
         where finished.receipt_type = 'JobFinishedReceipt' and finished.timestamp <= $4
           and finished.job_uuid = job.job_uuid and finished.validator_hotkey = job.validator_hotkey
           and finished.miner_hotkey = $2
       )`,
      [
        jobUuid,
        minerHotkey,
        executorClass,
        askedAt,
        shown.map(({ payload }) => payload.job_uuid),
        shown.map(({ payload }) => payload.validator_hotkey),
        excuseLeeway,
        [...validators],
      ],
    );
    return count;
  }
}
