import { Injectable } from '@nestjs/common';
import type { Transaction } from '@horde/database';
import type { ExecutorClass } from '@horde/protocol';
import { Blacklist } from '../blacklist/blacklist.ts';
import { Capacity, type Asked } from '../capacity/capacity.ts';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import type { Attempt, AttemptOutcome } from '../jobs/attempt.entity.ts';
import type { Report } from '../jobs/outcome.ts';
import { trustedMinerHotkey } from '../jobs/trusted-miner.ts';
import { Excuses } from './excuses.ts';
import { IncidentMetrics } from './incident-metrics.ts';
import { incidentOf, type IncidentKind } from './incident-of.ts';

/** Before these a miner may be asked again for the same job, every few seconds. */
const beforeAcceptance: ReadonlySet<IncidentKind> = new Set(['unreachable', 'no_answer', 'declined']);
/** After these the job was lost, and no other miner could be asked. */
const lostJobs: ReadonlySet<IncidentKind> = new Set(['timed_out', 'horde_failed']);
/** @unit characters */
const maxDetails = 500;

/** What miners have done that makes them less reliable. */
@Injectable()
export class Incidents {
  constructor(
    private readonly capacity: Capacity,
    private readonly blacklist: Blacklist,
    private readonly excuses: Excuses,
    private readonly config: ValidatorConfig,
    private readonly metrics: IncidentMetrics,
  ) {}

  /**
   * To be called in the transaction that ends a miner's attempt at a job, however it ends: notes an incident where the
   * end was the miner's doing, and has the miner passed over for a while where the job was lost by it. Of the trusted
   * miner nothing is noted.
   *
   * @param report what the facilitator is sent about this end, or would be; null: nothing
   */
  async attemptEnded(
    tx: Transaction,
    { uuid, miner_hotkey }: Pick<Attempt, 'uuid' | 'miner_hotkey'>,
    executorClass: ExecutorClass,
    outcome: AttemptOutcome | null,
    report: Report | null,
  ): Promise<void> {
    if (miner_hotkey === trustedMinerHotkey) return;
    const asked = { uuid, miner_hotkey, executor_class: executorClass };
    const hadRoom = async () =>
      (await this.capacity.hadRoom(tx.manager, asked)) &&
      !(await this.excuses.isExcused(tx.manager, asked, report?.receipts ?? []));
    const kind = await incidentOf(outcome, report, hadRoom);
    if (!kind) return;
    await this.note(tx, asked, kind);
    const why = report?.metadata?.horde_failure_details?.message ?? '';
    if (lostJobs.has(kind)) await this.passOver(tx, asked, why);
  }

  /** A user has reported that the job's result is wrong. @returns false when an incident of this job is known already */
  async cheated(tx: Transaction, asked: Asked): Promise<boolean> {
    return this.note(tx, asked, 'cheated');
  }

  private passOver(tx: Transaction, { uuid, miner_hotkey }: Asked, why: string): Promise<void> {
    const seconds = this.config.get('DYNAMIC_JOB_FAILURE_BLACKLIST_TIME_SECONDS');
    const details = `Job ${uuid}: ${why}`.slice(0, maxDetails);
    return this.blacklist.add(tx, miner_hotkey, 'JOB_FAILED', details, seconds);
  }

  /** Who is asked for a job again and again is held one refusal against. @returns false when there is one already */
  private async note(tx: Transaction, asked: Asked, kind: IncidentKind): Promise<boolean> {
    const { uuid, miner_hotkey, executor_class } = asked;
    const noted = await tx.manager.query<unknown[]>(
      `insert into miner_incident (hotkey, job_uuid, executor_class, kind)
       select $1, $2, $3, $4 where not $5 or not exists (
         select from attempt join attempt other using (job_uuid, miner_hotkey)
         join miner_incident known on known.job_uuid = other.uuid and known.hotkey = $1
         where attempt.uuid = $2 and miner_hotkey = $1
       )
       on conflict do nothing returning 1`,
      [miner_hotkey, uuid, executor_class, kind, beforeAcceptance.has(kind)],
    );
    if (noted.length > 0) tx.afterCommit(() => this.metrics.count(kind, miner_hotkey, executor_class));
    return noted.length > 0;
  }
}
